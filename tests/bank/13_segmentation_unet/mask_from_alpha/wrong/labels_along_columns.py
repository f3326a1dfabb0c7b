# mistake: none
import torch


def mask_from_alpha(alpha, labels=None):
    mask = (alpha >= 128).long()
    if labels is None:
        return mask
    return mask * (labels + 1)
