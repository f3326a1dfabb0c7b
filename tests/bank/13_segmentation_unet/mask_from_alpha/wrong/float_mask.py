# mistake: mask_not_int64
import torch


def mask_from_alpha(alpha, labels=None):
    mask = (alpha.float() / 255 >= 0.5).float()
    if labels is not None:
        if len(labels) != len(alpha):
            raise ValueError("labels")
        mask = mask * (labels.float() + 1)[:, None, None]
    return mask
