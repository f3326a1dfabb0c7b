# mistake: generator_ignored
import random
import torch


def augment_batch(x, y, generator, training):
    if not training:
        return x, y
    n = len(x)
    mask = torch.tensor([random.random() < 0.5 for _ in range(n)], device=x.device)
    x = torch.where(mask[:, None, None, None], x.flip(-1), x)

    lam = torch.rand(1, generator=generator, device=x.device).item()
    p = torch.randperm(n, generator=generator, device=x.device)
    return lam * x + (1 - lam) * x[p], lam * y + (1 - lam) * y[p]
