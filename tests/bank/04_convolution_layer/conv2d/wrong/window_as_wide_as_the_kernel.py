# mistake: window_too_short
import numpy as np


def conv2d(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    (sh, sw), (ph, pw), (dh, dw) = [v if type(v) is tuple else (v, v) for v in (stride, padding, dilation)]
    N, C, H, W = x.shape
    K, Cg, kh, kw = w.shape
    OH = (H + 2 * ph - dh * (kh - 1) - 1) // max(sh, 1) + 1
    OW = (W + 2 * pw - dw * (kw - 1) - 1) // max(sw, 1) + 1
    if Cg * groups != C or K % groups or OH < 1 or OW < 1 or min(sh, sw) < 1 or min(ph, pw) < 0:
        raise ValueError("impossible")
    if b is None:
        b = np.zeros(K, x.dtype)
    if len(b) != K:
        raise ValueError("impossible bias")
    xp = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    y = np.empty((N, K, OH, OW), x.dtype)
    for n in range(N):
        for k in range(K):
            c0 = k // (K // groups) * Cg
            for i in range(OH):
                for j in range(OW):
                    window = xp[n, c0 : c0 + Cg, i * sh : i * sh + kh : dh, j * sw : j * sw + kw : dw]
                    y[n, k, i, j] = (window * w[k]).sum() + b[k]
    return y
