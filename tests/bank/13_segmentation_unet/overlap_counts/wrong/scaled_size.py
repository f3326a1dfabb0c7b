# mistake: output_cut
import torch


def overlap_counts(h, w, k, stride):
    if min(h, w, k, stride) < 1:
        raise ValueError("too small")
    counts = torch.zeros(h * stride, w * stride, dtype=torch.int64)
    for i in range(h):
        for j in range(w):
            counts[i * stride : i * stride + k, j * stride : j * stride + k] += 1
    return counts
