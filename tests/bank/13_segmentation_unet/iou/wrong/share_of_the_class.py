# mistake: recall_for_iou
import torch


def iou(logits, masks):
    n, k, h, w = logits.shape
    if masks.shape != (n, h, w) or masks.min() < 0 or masks.max() >= k:
        raise ValueError("masks do not fit")
    pred = logits.argmax(1)
    scores = []
    for c in range(k):
        hit = (pred[masks == c] == c).sum()
        scores.append(hit / (masks == c).sum())
    return torch.stack(scores)
