# mistake: padding_all_axes
import numpy as np


def im2col(x, k, stride=1, padding=0, dilation=1):
    (kh, kw), (sh, sw), (dh, dw) = (v if isinstance(v, tuple) else (v, v) for v in (k, stride, dilation))
    if np.min(padding) < 0 or min(sh, sw) < 1:
        raise ValueError("padding >= 0, stride >= 1")
    x = np.pad(x, padding)
    N, C, H, W = x.shape
    OH, OW = (H - dh * (kh - 1) - 1) // sh + 1, (W - dw * (kw - 1) - 1) // sw + 1
    if OH < 1 or OW < 1:
        raise ValueError("the kernel does not fit")
    cols = np.zeros((N, C, kh, kw, OH, OW), x.dtype)
    for a in range(kh):
        for c in range(kw):
            cols[:, :, a, c] = x[:, :, a * dh : a * dh + sh * (OH - 1) + 1 : sh, c * dw : c * dw + sw * (OW - 1) + 1 : sw]
    return cols.reshape(N, C * kh * kw, OH * OW)
