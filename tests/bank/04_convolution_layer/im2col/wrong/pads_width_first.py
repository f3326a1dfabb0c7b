# mistake: height_width_swapped
import numpy as np

def two(v):
    return v if isinstance(v, tuple) else (v, v)


def im2col(x, k, stride=1, padding=0, dilation=1):
    (kh, kw), (sh, sw), (ph, pw), (dh, dw) = two(k), two(stride), two(padding), two(dilation)
    if min(sh, sw, dh, dw) < 1 or min(ph, pw) < 0:
        raise ValueError("stride and dilation must be at least 1, padding at least 0")
    N, C, H, W = x.shape
    OH = (H + 2 * ph - dh * (kh - 1) - 1) // sh + 1
    OW = (W + 2 * pw - dw * (kw - 1) - 1) // sw + 1
    if OH < 1 or OW < 1:
        raise ValueError("the kernel is larger than the padded image")
    xp = np.pad(x, ((0, 0), (0, 0), (pw, pw), (ph, ph)))
    out = np.zeros((N, C, kh, kw, OH, OW), dtype=x.dtype)
    for a in range(kh):
        for b in range(kw):
            out[:, :, a, b] = xp[:, :, a * dh : a * dh + (OH - 1) * sh + 1 : sh, b * dw : b * dw + (OW - 1) * sw + 1 : sw]
    return out.reshape(N, C * kh * kw, OH * OW)
