# mistake: background_left_out
import torch


def iou(logits, masks):
    n, k, h, w = logits.shape
    if masks.shape != (n, h, w) or masks.min() < 0 or masks.max() >= k:
        raise ValueError("masks do not fit")
    pred = logits.argmax(1)
    return torch.stack([((pred == c) & (masks == c)).sum() / ((pred == c) | (masks == c)).sum() for c in range(1, k)])
