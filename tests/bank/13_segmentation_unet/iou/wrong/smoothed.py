# mistake: absent_class_as_one
import torch
import torch.nn.functional as F


def iou(logits, masks, smooth=1e-6):
    n, k, h, w = logits.shape
    if masks.shape != (n, h, w) or masks.min() < 0 or masks.max() >= k:
        raise ValueError("masks do not fit")
    p = F.one_hot(logits.argmax(1), k).reshape(-1, k).double()
    t = F.one_hot(masks, k).reshape(-1, k).double()
    both = (p * t).sum(0)
    return (both + smooth) / (p.sum(0) + t.sum(0) - both + smooth)
