# mistake: vertical_for_horizontal
import torch


def horizontal_flip(x, mask):
    if len(mask) != len(x):
        raise ValueError("mask has the wrong length")
    return torch.where(mask.view(-1, 1, 1, 1), torch.flip(x, [2]), x)
