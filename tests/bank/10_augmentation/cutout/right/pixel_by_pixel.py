import torch


def cutout(x, top, left, size):
    if size < 0 or top.shape != left.shape or top.shape[0] != x.shape[0]:
        raise ValueError("impossible square")
    out = x.detach().clone()
    for n, (t, l) in enumerate(zip(top.tolist(), left.tolist())):
        for r in range(t, t + size):
            for k in range(l, l + size):
                if 0 <= r < x.shape[2] and 0 <= k < x.shape[3]:
                    out[n, :, r, k] = 0
    return out
