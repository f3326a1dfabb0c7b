# mistake: accuracy_for_iou
import torch


def iou(logits, masks):
    pred = logits.argmax(1)
    return torch.stack([((pred == c) == (masks == c)).float().mean() for c in range(logits.shape[1])])
