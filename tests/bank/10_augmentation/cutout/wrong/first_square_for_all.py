# mistake: same_for_whole_batch
import torch


def cutout(x, top, left, size):
    n, ch, h, w = x.shape
    if size < 0 or len(top) != n or len(left) != n:
        raise ValueError("impossible")
    y = x.clone()
    t, l = int(top[0]), int(left[0])
    y[:, :, max(t, 0):max(t + size, 0), max(l, 0):max(l + size, 0)] = 0
    return y
