# mistake: padding_all_axes
import numpy as np


def pair(v):
    return v if isinstance(v, tuple) else (v, v)


def im2col(x, k, stride=1, padding=0, dilation=1):
    (kh, kw), (sh, sw), (ph, pw), (dh, dw) = pair(k), pair(stride), pair(padding), pair(dilation)
    N, C, H, W = x.shape
    if min(sh, sw) < 1 or min(ph, pw) < 0:
        raise ValueError("stride or padding too small")
    rows = (H + 2 * ph - dh * (kh - 1) - 1) // sh + 1
    columns = (W + 2 * pw - dw * (kw - 1) - 1) // sw + 1
    if rows < 1 or columns < 1:
        raise ValueError("kernel too large")
    padded = np.pad(x, (ph, pw))
    out = np.zeros((N, C, kh, kw, rows, columns), dtype=x.dtype)
    for i in range(rows):
        for j in range(columns):
            top, left = i * sh, j * sw
            out[:, :, :, :, i, j] = padded[:, :, top : top + dh * (kh - 1) + 1 : dh, left : left + dw * (kw - 1) + 1 : dw]
    return out.reshape(N, -1, rows * columns)
