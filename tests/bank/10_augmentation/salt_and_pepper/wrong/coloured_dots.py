# mistake: channels_drawn_separately
import torch


def salt_and_pepper(x, amount, generator):
    if not 0 <= amount <= 1:
        raise ValueError("amount must be a share")
    n, c, h, w = x.shape
    hit = torch.rand((n, 1, h, w), generator=generator, device=x.device) < amount
    value = (torch.rand((n, c, h, w), generator=generator, device=x.device) > 0.5).to(x.dtype)
    return torch.where(hit, value, x)
