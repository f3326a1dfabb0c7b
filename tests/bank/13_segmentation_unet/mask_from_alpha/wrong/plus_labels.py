# mistake: label_added_to_background
import torch


def mask_from_alpha(alpha, labels=None):
    mask = (alpha >= 128).long()
    if labels is not None:
        if len(labels) != len(alpha):
            raise ValueError("labels")
        mask = mask + labels[:, None, None]
    return mask
