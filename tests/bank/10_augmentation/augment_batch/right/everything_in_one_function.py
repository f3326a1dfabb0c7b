import torch


def augment_batch(x, y, generator, training):
    if not training:
        return x, y
    flip = torch.rand(len(x), generator=generator, device=x.device) < 0.5
    x = torch.where(flip.view(-1, 1, 1, 1), x.flip(-1), x)
    lam = torch.rand((), generator=generator, device=x.device).item()
    p = torch.randperm(len(x), generator=generator, device=x.device)
    return lam * x + (1 - lam) * x[p], lam * y + (1 - lam) * y[p]
