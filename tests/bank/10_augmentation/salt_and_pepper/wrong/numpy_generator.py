# mistake: generator_ignored
import numpy as np
import torch


def salt_and_pepper(x, amount, generator):
    if not 0 <= amount <= 1:
        raise ValueError("amount must be a share")
    n, c, h, w = x.shape
    u = torch.from_numpy(np.random.default_rng().random((n, 1, h, w))).to(x.device)
    return torch.where(u < amount / 2, 0.0, torch.where(u < amount, 1.0, x))
