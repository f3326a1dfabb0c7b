# mistake: size_halved
import torch


def cutout(x, top, left, size):
    n, ch, h, w = x.shape
    if size < 0 or len(top) != n or len(left) != n:
        raise ValueError("impossible")
    y = x.clone()
    for i in range(n):
        t, l, s = int(top[i]), int(left[i]), size // 2
        y[i, :, max(t, 0):max(t + s, 0), max(l, 0):max(l + s, 0)] = 0
    return y
