# mistake: batch_not_summed
import torch


def iou(logits, masks):
    n, k, h, w = logits.shape
    if masks.shape != (n, h, w) or masks.min() < 0 or masks.max() >= k:
        raise ValueError("masks do not fit")
    predicted = logits.argmax(1)
    columns = []
    for c in range(k):
        p, t = predicted == c, masks == c
        columns.append((p & t).sum((1, 2)) / (p | t).sum((1, 2)))
    return torch.stack(columns, 1)
