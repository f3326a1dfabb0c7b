# mistake: mask_ignored
import torch


def horizontal_flip(x, mask):
    return torch.flip(x, dims=(-1,))
