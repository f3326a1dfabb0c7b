# mistake: box_not_clipped
import torch


def cutout(x, top, left, size):
    n, ch, h, w = x.shape
    if size < 0 or len(top) != n or len(left) != n:
        raise ValueError("impossible")
    y = x.clone()
    for i in range(n):
        y[i, :, top[i]:top[i] + size, left[i]:left[i] + size] = 0
    return y
