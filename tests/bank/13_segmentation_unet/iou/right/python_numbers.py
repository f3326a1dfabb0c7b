import math

import torch


def iou(logits, masks):
    n, k, h, w = logits.shape
    if masks.shape != (n, h, w):
        raise ValueError("shapes")
    predicted = logits.argmax(1).flatten().tolist()
    labelled = masks.flatten().tolist()
    inside = [0] * k
    union = [0] * k
    for p, t in zip(predicted, labelled):
        if not 0 <= t < k:
            raise ValueError(f"there is no class {t}")
        if p == t:
            inside[p] += 1
            union[p] += 1
        else:
            union[p] += 1
            union[t] += 1
    values = [a / b if b else math.nan for a, b in zip(inside, union)]
    return torch.tensor(values, device=logits.device)
