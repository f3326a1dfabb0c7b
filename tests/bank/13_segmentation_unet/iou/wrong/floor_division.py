# mistake: integer_division
import torch


def iou(logits, masks):
    n, k, h, w = logits.shape
    if masks.shape != (n, h, w) or masks.min() < 0 or masks.max() >= k:
        raise ValueError("masks do not fit")
    predicted = logits.argmax(1)
    both = torch.stack([((predicted == c) & (masks == c)).sum() for c in range(k)])
    either = torch.stack([((predicted == c) | (masks == c)).sum() for c in range(k)])
    return both // either.clamp(min=1)
