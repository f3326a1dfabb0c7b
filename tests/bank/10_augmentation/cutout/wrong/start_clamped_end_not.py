# mistake: moved_inside
import torch


def cutout(x, top, left, size):
    n, ch, h, w = x.shape
    if size < 0 or len(top) != n or len(left) != n:
        raise ValueError("impossible")
    y = x.clone()
    for i in range(n):
        t, l = max(int(top[i]), 0), max(int(left[i]), 0)
        y[i, :, t:t + size, l:l + size] = 0
    return y
