import torch


def mirror(x, mask):
    y = x.clone()
    y[mask] = y[mask].flip(3)
    return y


def mix(a, lam, p):
    return torch.lerp(a[p], a, lam)


def augment_batch(x, y, generator, training):
    if not training:
        return x, y
    draw = dict(generator=generator, device=x.device)
    mask = torch.bernoulli(torch.full((len(x),), 0.5, device=x.device), generator=generator).bool()
    p, lam = torch.randperm(len(x), **draw), torch.rand(1, **draw).item()
    return mix(mirror(x, mask), lam, p), mix(y, lam, p)
