# mistake: pepper_only
import torch


def salt_and_pepper(x, amount, generator):
    if not 0 <= amount <= 1:
        raise ValueError("amount must be a share")
    n, c, h, w = x.shape
    keep = torch.rand((n, 1, h, w), generator=generator, device=x.device) >= amount
    return x * keep
