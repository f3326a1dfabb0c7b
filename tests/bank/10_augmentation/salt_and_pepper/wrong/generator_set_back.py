# mistake: same_numbers_every_call
import torch


def salt_and_pepper(x, amount, generator):
    if not 0 <= amount <= 1:
        raise ValueError("amount must be a share")
    n, c, h, w = x.shape
    generator.manual_seed(generator.initial_seed())
    u = torch.rand((n, 1, h, w), generator=generator, device=x.device)
    return torch.where(u < amount / 2, 0.0, torch.where(u < amount, 1.0, x))
