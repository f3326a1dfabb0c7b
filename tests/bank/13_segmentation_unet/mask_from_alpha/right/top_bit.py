import torch


def mask_from_alpha(alpha, labels=None):
    n = len(alpha)
    mask = (alpha >> 7).long()
    if labels is not None:
        if len(labels) != n:
            raise ValueError(f"mask_from_alpha got {len(labels)} labels for {n} images")
        mask = mask * (labels + 1).reshape(n, 1, 1)
    return mask
