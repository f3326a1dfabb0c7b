import torch


def along(n, k, stride):
    counts = torch.zeros((n - 1) * stride + k, dtype=torch.int64)
    for i in range(n):
        counts[i * stride : i * stride + k] += 1
    return counts


def overlap_counts(h, w, k, stride):
    if h < 1 or w < 1 or k < 1 or stride < 1:
        raise ValueError("overlap_counts: too small")
    return torch.outer(along(h, k, stride), along(w, k, stride))
