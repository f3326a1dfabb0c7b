import torch
import torch.nn.functional as F


def iou(logits, masks):
    n, k, h, w = logits.shape
    if tuple(masks.shape) != (n, h, w):
        raise ValueError(f"masks must be {(n, h, w)}")
    if int(masks.min()) < 0 or int(masks.max()) > k - 1:
        raise ValueError("classes out of range")
    p = F.one_hot(torch.max(logits, 1).indices, k).bool()
    t = F.one_hot(masks, k).bool()
    return (p & t).sum((0, 1, 2)).to(logits.dtype) / (p | t).sum((0, 1, 2)).to(logits.dtype)
