# mistake: not_zero
import torch


def cutout(x, top, left, size):
    n, ch, h, w = x.shape
    if size < 0 or len(top) != n or len(left) != n:
        raise ValueError("impossible")
    y = x.clone()
    for i in range(n):
        t, l = int(top[i]), int(left[i])
        y[i, :, max(t, 0):max(t + size, 0), max(l, 0):max(l + size, 0)] = 1
    return y
