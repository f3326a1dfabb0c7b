# mistake: absent_class_as_zero
import torch


def iou(logits, masks, eps=1e-7):
    n, k, h, w = logits.shape
    if masks.shape != (n, h, w) or masks.min() < 0 or masks.max() >= k:
        raise ValueError("masks do not fit")
    pred = logits.argmax(1)
    both = torch.stack([((pred == c) & (masks == c)).sum() for c in range(k)])
    either = torch.stack([((pred == c) | (masks == c)).sum() for c in range(k)])
    return both / (either + eps)
