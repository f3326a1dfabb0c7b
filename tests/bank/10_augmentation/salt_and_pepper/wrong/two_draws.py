# mistake: salt_and_pepper_overlap
import torch


def salt_and_pepper(x, amount, generator):
    if not 0 <= amount <= 1:
        raise ValueError("amount must be a share")
    n, c, h, w = x.shape
    salt = torch.rand((n, 1, h, w), generator=generator, device=x.device) < amount / 2
    pepper = torch.rand((n, 1, h, w), generator=generator, device=x.device) < amount / 2
    return x.masked_fill(salt, 1.0).masked_fill(pepper, 0.0)
