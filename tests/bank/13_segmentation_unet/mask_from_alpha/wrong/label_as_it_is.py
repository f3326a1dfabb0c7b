# mistake: background_not_kept_apart
import torch


def mask_from_alpha(alpha, labels=None):
    mask = (alpha >= 128).long()
    if labels is None:
        return mask
    if len(labels) != len(alpha):
        raise ValueError("labels")
    return mask * labels[:, None, None]
