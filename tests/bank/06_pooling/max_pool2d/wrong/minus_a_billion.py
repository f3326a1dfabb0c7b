# mistake: finite_padding
import numpy as np


def max_pool2d(x, k, stride=None, padding=0):
    kh, kw = (k, k) if isinstance(k, int) else k
    sh, sw = (kh, kw) if stride is None else ((stride, stride) if isinstance(stride, int) else stride)
    ph, pw = (padding, padding) if isinstance(padding, int) else padding
    N, C, H, W = x.shape
    xp = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)), constant_values=-1e9)
    OH, OW = (H + 2 * ph - kh) // sh + 1, (W + 2 * pw - kw) // sw + 1
    y = np.zeros((N, C, OH, OW), x.dtype)
    index = np.zeros((N, C, OH, OW), np.int64)
    for i in range(OH):
        for j in range(OW):
            win = xp[:, :, i * sh : i * sh + kh, j * sw : j * sw + kw].reshape(N, C, -1)
            a = win.argmax(-1)
            y[:, :, i, j] = win.max(-1)
            index[:, :, i, j] = (i * sh + a // kw - ph) * W + (j * sw + a % kw - pw)
    return y, index
