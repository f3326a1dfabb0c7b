import torch


def salt_and_pepper(x, amount, generator):
    if amount < 0 or amount > 1:
        raise ValueError("amount")
    n, c, h, w = x.shape
    u = torch.rand((n, 1, h, w), generator=generator, device=x.device, dtype=x.dtype)
    y = x.clone()
    y[(u < amount / 2).expand_as(x)] = 1
    y[(u > 1 - amount / 2).expand_as(x)] = 0
    return y
