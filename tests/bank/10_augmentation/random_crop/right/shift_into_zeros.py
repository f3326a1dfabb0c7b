import torch


def random_crop(x, padding, top, left):
    n, c, h, w = x.shape
    if padding < 0 or top.shape != (n,) or left.shape != (n,):
        raise ValueError("bad padding or offsets")
    if any(bool((v < 0).any() or (v > 2 * padding).any()) for v in (top, left)):
        raise ValueError("offsets out of range")
    y = torch.zeros_like(x)
    for i in range(n):
        dy, dx = padding - int(top[i]), padding - int(left[i])     # positive: down, right
        for r in range(h):
            if 0 <= r - dy < h:
                for k in range(w):
                    if 0 <= k - dx < w:
                        y[i, :, r, k] = x[i, :, r - dy, k - dx]
    return y
