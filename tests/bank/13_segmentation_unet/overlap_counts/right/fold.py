import torch
import torch.nn.functional as F


def overlap_counts(h, w, k, stride):
    if any(v < 1 for v in (h, w, k, stride)):
        raise ValueError("h, w, k, stride >= 1")
    size = ((h - 1) * stride + k, (w - 1) * stride + k)
    return F.fold(torch.ones(1, k * k, h * w), size, k, stride=stride)[0, 0].to(torch.int64)
