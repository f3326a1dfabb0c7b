# mistake: boundary_excluded
import torch


def mask_from_alpha(alpha, labels=None):
    mask = alpha > 128
    if labels is None:
        return mask.long()
    if len(labels) != len(alpha):
        raise ValueError("one label per image")
    return mask.long() * (labels[:, None, None] + 1)
