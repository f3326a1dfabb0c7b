# mistake: channels_reversed
import torch


def horizontal_flip(x, mask):
    if len(mask) != len(x):
        raise ValueError
    y = x.clone()
    y[mask] = torch.fliplr(x[mask])  # fliplr reverses axis 1
    return y
