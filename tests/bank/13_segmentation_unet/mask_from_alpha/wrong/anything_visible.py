# mistake: transparent_counted
import torch


def mask_from_alpha(alpha, labels=None):
    mask = (alpha != 0).to(torch.int64)
    if labels is not None:
        if labels.numel() != alpha.size(0):
            raise ValueError("labels do not fit")
        mask *= labels.view(-1, 1, 1) + 1
    return mask
