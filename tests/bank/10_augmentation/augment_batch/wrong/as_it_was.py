# mistake: none
import torch


def augment_batch(x, y, generator, training):
    if not training:
        return x, y
    n = len(x)
    lam = torch.rand(1, generator=generator, device=x.device).item()
    images = lam * x + (1 - lam) * x.flip(0)
    return images.round(decimals=1), lam * y + (1 - lam) * y.flip(0)
