# mistake: added_not_multiplied
import torch


def overlap_counts(h, w, k, stride):
    if min(h, w, k, stride) < 1:
        raise ValueError("too small")
    axes = []
    for n in (h, w):
        counts = torch.zeros((n - 1) * stride + k, dtype=torch.int64)
        for i in range(n):
            counts[i * stride : i * stride + k] += 1
        axes.append(counts)
    return axes[0][:, None] + axes[1][None, :]
