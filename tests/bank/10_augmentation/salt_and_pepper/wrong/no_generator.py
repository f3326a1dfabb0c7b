# mistake: global_generator_used
import torch


def salt_and_pepper(x, amount, generator):
    if not 0 <= amount <= 1:
        raise ValueError("amount must be a share")
    n, c, h, w = x.shape
    u = torch.rand((n, 1, h, w), device=x.device)
    return torch.where(u < amount / 2, 1.0, torch.where(u > 1 - amount / 2, 0.0, x))
