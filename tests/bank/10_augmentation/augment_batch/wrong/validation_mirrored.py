# mistake: validation_augmented
import torch


def augment_batch(x, y, generator, training):
    n = len(x)
    mask = torch.rand(n, generator=generator, device=x.device) < 0.5
    x = torch.where(mask[:, None, None, None], x.flip(-1), x)
    if not training:
        return x, y

    lam = torch.rand(1, generator=generator, device=x.device).item()
    p = torch.randperm(n, generator=generator, device=x.device)
    return lam * x + (1 - lam) * x[p], lam * y + (1 - lam) * y[p]
