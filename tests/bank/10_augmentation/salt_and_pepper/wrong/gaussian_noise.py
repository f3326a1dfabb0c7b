# mistake: none
import torch


def salt_and_pepper(x, amount, generator):
    if not 0 <= amount <= 1:
        raise ValueError("amount must be a share")
    n, c, h, w = x.shape
    noise = torch.randn((n, 1, h, w), generator=generator, device=x.device).to(x.dtype)
    hit = torch.rand((n, 1, h, w), generator=generator, device=x.device) < amount
    return torch.where(hit, (x + noise).clamp(0, 1), x)
