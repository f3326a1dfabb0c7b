# mistake: kernel_axes_swapped
import numpy as np


def conv2d(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    (sh, sw), (ph, pw), (dh, dw) = (v if isinstance(v, tuple) else (v, v) for v in (stride, padding, dilation))
    N, C, H, W = x.shape
    depth, K, kh, kw = w.shape  # input channels, then kernels
    if depth * groups != C or K % groups:
        raise ValueError(f"kernels for {depth} channels do not fit images with {C} channels in {groups} groups")
    if min(sh, sw) < 1 or min(ph, pw) < 0:
        raise ValueError("stride must be positive, padding must not be negative")
    OH, OW = (H + 2 * ph - dh * (kh - 1) - 1) // sh + 1, (W + 2 * pw - dw * (kw - 1) - 1) // sw + 1
    if OH < 1 or OW < 1:
        raise ValueError("the kernel is larger than the image")
    xp = np.pad(x, [(0, 0), (0, 0), (ph, ph), (pw, pw)])
    y = np.zeros((N, K, OH, OW), x.dtype)
    for k in range(K):
        g = k // (K // groups)
        for c in range(depth):
            for s in range(kh):
                for t in range(kw):
                    seen = xp[:, g * depth + c, s * dh : s * dh + (OH - 1) * sh + 1 : sh, t * dw : t * dw + (OW - 1) * sw + 1 : sw]
                    y[:, k] += seen * w[c, k, s, t]
    return y if b is None else y + b[:, None, None]
