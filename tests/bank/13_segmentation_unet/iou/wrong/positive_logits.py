# mistake: threshold_for_argmax
import torch


def iou(logits, masks):
    n, k, h, w = logits.shape
    if masks.shape != (n, h, w) or masks.min() < 0 or masks.max() >= k:
        raise ValueError("masks do not fit")
    scores = []
    for c in range(k):
        p, t = logits[:, c] > 0, masks == c
        scores.append((p & t).sum() / (p | t).sum())
    return torch.stack(scores)
