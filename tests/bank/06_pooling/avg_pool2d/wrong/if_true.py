# mistake: count_include_pad_ignored
import numpy as np


def avg_pool2d(x, k, stride=None, padding=0, count_include_pad=True):
    kh, kw = np.broadcast_to(k, 2)
    sh, sw = np.broadcast_to(k if stride is None else stride, 2)
    ph, pw = np.broadcast_to(padding, 2)
    if min(kh, kw, sh, sw) < 1 or min(ph, pw) < 0 or 2 * ph > kh or 2 * pw > kw:
        raise ValueError("impossible window, stride or padding")
    N, C, H, W = x.shape
    rows, columns = (H + 2 * ph - kh) // sh + 1, (W + 2 * pw - kw) // sw + 1
    if rows < 1 or columns < 1:
        raise ValueError("the window does not fit")
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    y = np.zeros((N, C, rows, columns), x.dtype)
    for i in range(rows):
        for j in range(columns):
            window = padded[:, :, i * sh : i * sh + kh, j * sw : j * sw + kw]
            top, left = max(i * sh - ph, 0), max(j * sw - pw, 0)
            bottom, right = min(i * sh - ph + kh, H), min(j * sw - pw + kw, W)
            if True:
                y[:, :, i, j] = window.sum((2, 3)) / (kh * kw)
            else:
                y[:, :, i, j] = window.sum((2, 3)) / ((bottom - top) * (right - left))
    return y
