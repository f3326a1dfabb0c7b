# mistake: order_lost
import torch


def horizontal_flip(x, mask):
    if len(mask) != len(x):
        raise ValueError("mask")
    return torch.cat([x[mask].flip(-1), x[~mask]])
