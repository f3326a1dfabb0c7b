# mistake: seed_ignored
import torch


def salt_and_pepper(x, amount, generator):
    if not 0 <= amount <= 1:
        raise ValueError("amount must be a share")
    n, c, h, w = x.shape
    g = torch.Generator(device=x.device)
    g.manual_seed(42)
    u = torch.rand((n, 1, h, w), generator=g, device=x.device)
    return torch.where(u < amount / 2, 0.0, torch.where(u < amount, 1.0, x))
