import torch


def salt_and_pepper(x, amount, generator):
    if not 0 <= amount <= 1:
        raise ValueError(amount)
    shape = (x.shape[0], 1) + tuple(x.shape[2:])
    hit = torch.rand(shape, generator=generator, device=x.device) < amount
    coin = torch.randint(0, 2, shape, generator=generator, device=x.device).to(x.dtype)
    return torch.where(hit, coin, x)
