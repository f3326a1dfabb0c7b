# mistake: permutation_not_shared
import torch


def augment_batch(x, y, generator, training):
    if not training:
        return x, y
    n = len(x)
    mask = torch.rand(n, generator=generator, device=x.device) < 0.5
    x = torch.where(mask[:, None, None, None], x.flip(-1), x)
    lam = torch.rand(1, generator=generator, device=x.device).item()
    p = torch.randperm(n, generator=generator, device=x.device)
    q = torch.randperm(n, generator=generator, device=x.device)
    return lam * x + (1 - lam) * x[p], lam * y + (1 - lam) * y[q]
