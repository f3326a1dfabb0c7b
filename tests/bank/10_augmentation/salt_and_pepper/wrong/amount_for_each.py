# mistake: amount_doubled
import torch


def salt_and_pepper(x, amount, generator):
    if not 0 <= amount <= 1:
        raise ValueError("amount must be a share")
    n, c, h, w = x.shape
    u = torch.rand((n, 1, h, w), generator=generator, device=x.device)
    y = torch.where(u < amount, 1.0, x)
    return torch.where(u > 1 - amount, 0.0, y)
