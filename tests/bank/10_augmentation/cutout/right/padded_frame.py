import torch
import torch.nn.functional as F


def cutout(x, top, left, size):
    n, c, h, w = x.shape
    if size < 0 or len(top) != n or len(left) != n:
        raise ValueError("no such square")
    far = size + h + w
    keep = torch.ones(n, 1, h + 2 * far, w + 2 * far, dtype=x.dtype, device=x.device)
    for i in range(n):
        t, l = int(top[i].clamp(-size, h)) + far, int(left[i].clamp(-size, w)) + far
        keep[i, :, t:t + size, l:l + size] = 0
    return x * keep[:, :, far:far + h, far:far + w]
