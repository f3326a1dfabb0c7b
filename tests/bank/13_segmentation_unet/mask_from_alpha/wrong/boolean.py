# mistake: mask_not_int64
import torch


def mask_from_alpha(alpha, labels=None):
    if labels is None:
        return alpha >= 128
    if len(labels) != len(alpha):
        raise ValueError("labels")
    return ((alpha >= 128) * (labels[:, None, None] + 1)).to(torch.uint8)
