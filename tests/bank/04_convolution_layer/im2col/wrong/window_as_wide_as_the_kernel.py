# mistake: window_too_short
import numpy as np


def im2col(x, k, stride=1, padding=0, dilation=1):
    (kh, kw), (sh, sw), (ph, pw), (dh, dw) = (v if isinstance(v, tuple) else (v, v) for v in (k, stride, padding, dilation))
    N, C, H, W = x.shape
    if min(sh, sw) < 1 or min(ph, pw) < 0:
        raise ValueError("stride must be at least 1, padding at least 0")
    OH = (H + 2 * ph - dh * (kh - 1) - 1) // sh + 1
    OW = (W + 2 * pw - dw * (kw - 1) - 1) // sw + 1
    if OH < 1 or OW < 1:
        raise ValueError("too large a kernel")
    xp = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    columns = np.zeros((N, C * kh * kw, OH * OW), x.dtype)
    for n in range(N):
        for i in range(OH):
            for j in range(OW):
                window = xp[n, :, i * sh : i * sh + kh : dh, j * sw : j * sw + kw : dw]
                columns[n, :, i * OW + j] = window.ravel()
    return columns
