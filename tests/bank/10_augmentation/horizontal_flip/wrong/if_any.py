# mistake: whole_batch_flipped
import torch


def horizontal_flip(x, mask):
    if mask.any():
        return x.flip(-1)
    return x.clone()
