# mistake: mask_inverted
import torch


def mask_from_alpha(alpha, labels=None):
    if labels is None:
        return torch.where(alpha >= 128, 0, 1)
    if len(labels) != len(alpha):
        raise ValueError("labels")
    return torch.where(alpha >= 128, 0, labels[:, None, None] + 1)
