# mistake: wraps_around
import torch
import torch.nn.functional as F


def random_crop(x, padding, top, left):
    n, c, h, w = x.shape
    if padding < 0 or len(top) != n or len(left) != n:
        raise ValueError("impossible")
    if min(top.min(), left.min()) < 0 or max(top.max(), left.max()) > 2 * padding:
        raise ValueError("window leaves the frame")
    y = torch.empty_like(x)
    for i in range(n):
        y[i] = torch.roll(x[i], (padding - int(top[i]), padding - int(left[i])), dims=(1, 2))
    return y
