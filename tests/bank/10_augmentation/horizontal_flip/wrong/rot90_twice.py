# mistake: flipped_both_ways
import torch


def horizontal_flip(x, mask):
    if mask.shape[0] != x.shape[0]:
        raise ValueError("mask")
    out = x.clone()
    for i in mask.nonzero()[:, 0]:
        out[i] = torch.rot90(x[i], 2, (1, 2))
    return out
