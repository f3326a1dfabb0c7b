# mistake: centre_for_corner
import torch


def cutout(x, top, left, size):
    n, ch, h, w = x.shape
    if size < 0 or len(top) != n or len(left) != n:
        raise ValueError("impossible")
    y = x.clone()
    half = size // 2
    for i in range(n):
        a, b = max(int(top[i]) - half, 0), max(int(left[i]) - half, 0)
        y[i, :, a:max(int(top[i]) - half + size, 0), b:max(int(left[i]) - half + size, 0)] = 0
    return y
