# mistake: height_width_swapped
import torch


def overlap_counts(h, w, k, stride):
    if min(h, w, k, stride) < 1:
        raise ValueError("too small")
    counts = torch.zeros((w - 1) * stride + k, (h - 1) * stride + k, dtype=torch.int64)
    for x in range(w):
        for y in range(h):
            counts[x * stride : x * stride + k, y * stride : y * stride + k] += 1
    return counts
