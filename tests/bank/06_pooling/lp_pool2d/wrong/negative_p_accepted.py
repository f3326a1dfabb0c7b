# mistake: none
import numpy as np


def lp_pool2d(x, p, k):
    kh, kw = np.broadcast_to(k, 2)
    if p == 0:
        raise ValueError("impossible p")
    N, C, H, W = x.shape
    rows, columns = H // kh, W // kw
    if rows == 0 or columns == 0:
        raise ValueError("the window is larger than the plane")
    a = np.abs(x[:, :, : rows * kh, : columns * kw]).reshape(N, C, rows, kh, columns, kw)
    return (a**p).sum(axis=(3, 5)) ** (1 / p)
