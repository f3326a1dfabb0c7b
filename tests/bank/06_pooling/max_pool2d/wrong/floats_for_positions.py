# mistake: none
import numpy as np


def max_pool2d(x, k, stride=None, padding=0):
    (kh, kw), (ph, pw) = (v if isinstance(v, tuple) else (v, v) for v in (k, padding))
    stride = k if stride is None else stride
    sh, sw = stride if isinstance(stride, tuple) else (stride, stride)
    N, C, H, W = x.shape
    if min(sh, sw) < 1 or min(ph, pw) < 0 or 2 * ph > kh or 2 * pw > kw or H + 2 * ph < kh or W + 2 * pw < kw:
        raise ValueError("this window does not fit")
    OH, OW = (H + 2 * ph - kh) // sh + 1, (W + 2 * pw - kw) // sw + 1
    index = np.zeros((N, C, OH, OW))
    for n in range(N):
        for c in range(C):
            for i in range(OH):
                for j in range(OW):
                    top, left = max(0, i * sh - ph), max(0, j * sw - pw)
                    window = x[n, c, top : i * sh - ph + kh, left : j * sw - pw + kw]
                    r, s = np.unravel_index(window.argmax(), window.shape)
                    index[n, c, i, j] = (top + r) * W + left + s
    planes = np.arange(N * C).reshape(N, C, 1, 1)
    y = x.reshape(N * C, H * W)[planes, index]
    return y, index
