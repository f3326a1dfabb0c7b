# mistake: white_is_255
import torch


def salt_and_pepper(x, amount, generator):
    if not 0 <= amount <= 1:
        raise ValueError("amount must be a share")
    n, c, h, w = x.shape
    u = torch.rand((n, 1, h, w), generator=generator, device=x.device)
    return torch.where(u < amount / 2, 255.0, torch.where(u < amount, 0.0, x))
