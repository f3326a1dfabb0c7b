# mistake: images_not_mixed
import torch


def augment_batch(x, y, generator, training):
    if not training:
        return x, y
    n = len(x)
    mask = torch.rand(n, generator=generator, device=x.device) < 0.5
    return torch.where(mask[:, None, None, None], x.flip(-1), x), y
