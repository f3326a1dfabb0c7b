# mistake: box_not_clipped
import torch


def cutout(x, top, left, size):
    n, ch, h, w = x.shape
    if size < 0 or len(top) != n or len(left) != n:
        raise ValueError("impossible")
    y = x.clone()
    for i in range(n):
        for r in range(size):
            for k in range(size):
                y[i, :, (top[i] + r) % h, (left[i] + k) % w] = 0
    return y
