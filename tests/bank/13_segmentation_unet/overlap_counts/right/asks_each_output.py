import torch


def overlap_counts(h, w, k, stride):
    if min(h, w, k, stride) <= 0:
        raise ValueError("nothing to count")

    def writers(position, n):
        return sum(1 for i in range(n) if i * stride <= position < i * stride + k)

    rows = [writers(y, h) for y in range((h - 1) * stride + k)]
    columns = [writers(x, w) for x in range((w - 1) * stride + k)]
    return torch.tensor([[r * c for c in columns] for r in rows])
