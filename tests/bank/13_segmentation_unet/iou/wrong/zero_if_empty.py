# mistake: absent_class_as_zero
import torch


def iou(logits, masks):
    n, k, h, w = logits.shape
    if masks.shape != (n, h, w) or masks.min() < 0 or masks.max() >= k:
        raise ValueError("masks do not fit")
    pred = logits.argmax(1)
    result = torch.zeros(k, device=logits.device)
    for c in range(k):
        union = ((pred == c) | (masks == c)).sum()
        if union:
            result[c] = ((pred == c) & (masks == c)).sum() / union
    return result
