# mistake: bias_truth_tested
import numpy as np

def two(v):
    return v if isinstance(v, tuple) else (v, v)


def conv2d(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    (sh, sw), (ph, pw), (dh, dw) = two(stride), two(padding), two(dilation)
    N, C, H, W = x.shape
    K, Cg, kh, kw = w.shape
    if min(sh, sw, dh, dw) < 1 or min(ph, pw) < 0:
        raise ValueError("stride and dilation must be at least 1, padding at least 0")
    if Cg * groups != C or K % groups != 0:
        raise ValueError("channels, kernels and groups do not fit")
    OH = (H + 2 * ph - dh * (kh - 1) - 1) // sh + 1
    OW = (W + 2 * pw - dw * (kw - 1) - 1) // sw + 1
    if OH < 1 or OW < 1:
        raise ValueError("the kernel is larger than the padded image")
    xp = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    y = np.zeros((N, K, OH, OW), dtype=x.dtype)
    Kg = K // groups
    for g in range(groups):
        for s in range(kh):
            for t in range(kw):
                patch = xp[:, g * Cg : (g + 1) * Cg, s * dh : s * dh + sh * (OH - 1) + 1 : sh, t * dw : t * dw + sw * (OW - 1) + 1 : sw]
                y[:, g * Kg : (g + 1) * Kg] += np.einsum("ncij,kc->nkij", patch, w[g * Kg : (g + 1) * Kg, :, s, t])
    if b:
        y += b[None, :, None, None]
    return y
