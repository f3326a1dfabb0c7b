# mistake: mask_inverted
import torch


def cutout(x, top, left, size):
    n, ch, h, w = x.shape
    if size < 0 or len(top) != n or len(left) != n:
        raise ValueError("impossible")
    y = x.clone()
    r = torch.arange(h, device=x.device)[None, :, None]
    k = torch.arange(w, device=x.device)[None, None, :]
    t, l = top[:, None, None], left[:, None, None]
    inside = (r >= t) & (r < t + size) & (k >= l) & (k < l + size)
    return y * inside[:, None]
