# mistake: stride_ignored
import torch


def overlap_counts(h, w, k, stride):
    if min(h, w, k, stride) < 1:
        raise ValueError("too small")
    counts = torch.zeros(h + k - 1, w + k - 1, dtype=torch.int64)
    for i in range(h):
        for j in range(w):
            counts[i : i + k, j : j + k] += 1
    return counts
