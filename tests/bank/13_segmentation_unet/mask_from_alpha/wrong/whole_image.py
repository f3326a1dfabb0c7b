# mistake: label_everywhere
import torch


def mask_from_alpha(alpha, labels=None):
    mask = (alpha >= 128).long()
    if labels is None:
        return mask
    for i, label in enumerate(labels.tolist()):
        mask[i] = label + 1
    return mask
