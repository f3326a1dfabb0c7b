# mistake: same_for_whole_batch
import torch


def salt_and_pepper(x, amount, generator):
    if not 0 <= amount <= 1:
        raise ValueError("amount must be a share")
    n, c, h, w = x.shape
    u = torch.rand((h, w), generator=generator, device=x.device)
    y = x.clone()
    y[:, :, u < amount / 2] = 1.0
    y[:, :, (u >= amount / 2) & (u < amount)] = 0.0
    return y
