# mistake: wrong_axis
import torch


def iou(logits, masks):
    pred = logits.argmax(-1)
    return torch.stack([((pred == c) & (masks == c)).sum() / ((pred == c) | (masks == c)).sum() for c in range(logits.shape[1])])
