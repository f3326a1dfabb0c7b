# mistake: input_changed
import torch


def salt_and_pepper(x, amount, generator):
    if not 0 <= amount <= 1:
        raise ValueError("amount must be a share")
    n, c, h, w = x.shape
    u = torch.rand((n, 1, h, w), generator=generator, device=x.device)
    x.masked_fill_(u < amount / 2, 0)
    x.masked_fill_((u >= amount / 2) & (u < amount), 1)
    return x
