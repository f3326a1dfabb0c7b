# mistake: precision_for_iou
import torch


def iou(logits, masks):
    pred = logits.argmax(1)
    return torch.stack([(masks[pred == c] == c).sum() / (pred == c).sum() for c in range(logits.shape[1])])
