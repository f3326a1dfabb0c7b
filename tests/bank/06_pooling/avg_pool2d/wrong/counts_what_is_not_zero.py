# mistake: zeros_not_counted
import numpy as np


def avg_pool2d(x, k, stride=None, padding=0, count_include_pad=True):
    kh, kw = np.broadcast_to(k, 2)
    sh, sw = np.broadcast_to(k if stride is None else stride, 2)
    ph, pw = np.broadcast_to(padding, 2)
    N, C, H, W = x.shape
    xp = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    rows, columns = (H + 2 * ph - kh) // sh + 1, (W + 2 * pw - kw) // sw + 1
    y = np.zeros((N, C, rows, columns), x.dtype)
    for i in range(rows):
        for j in range(columns):
            window = xp[:, :, i * sh : i * sh + kh, j * sw : j * sw + kw]
            count = kh * kw if count_include_pad else np.maximum(np.count_nonzero(window, axis=(2, 3)), 1)
            y[:, :, i, j] = window.sum((2, 3)) / count
    return y
