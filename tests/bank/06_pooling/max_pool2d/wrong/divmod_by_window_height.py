# mistake: height_width_swapped
import numpy as np


def max_pool2d(x, k, stride=None, padding=0):
    kh, kw = np.broadcast_to(k, 2)
    sh, sw = np.broadcast_to(k if stride is None else stride, 2)
    ph, pw = np.broadcast_to(padding, 2)
    N, C, H, W = x.shape
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)), constant_values=-np.inf)
    rows, columns = (H + 2 * ph - kh) // sh + 1, (W + 2 * pw - kw) // sw + 1
    y, index = np.zeros((N, C, rows, columns), x.dtype), np.zeros((N, C, rows, columns), int)
    for i in range(rows):
        for j in range(columns):
            window = padded[:, :, i * sh : i * sh + kh, j * sw : j * sw + kw].reshape(N, C, -1)
            best = window.argmax(-1)
            r, c = np.divmod(best, kh)
            y[:, :, i, j] = window.max(-1)
            index[:, :, i, j] = (i * sh - ph + r) * W + j * sw - pw + c
    return y, index
