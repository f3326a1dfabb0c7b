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
    if b is not None and len(b) != K:
        raise ValueError("there must be one bias for each kernel")
    if OH < 1 or OW < 1:
        raise ValueError("the kernel is larger than the padded image")
    xp = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    y = np.zeros((N, K, OH, OW), dtype=x.dtype)
    for n in range(N):
        for k in range(K):
            first = k // (K // groups) * Cg
            for i in range(OH):
                for j in range(OW):
                    total = 0.0 if b is None else b[k]
                    for c in range(Cg):
                        for s in range(kh):
                            for t in range(kw):
                                total += xp[n, first + c, i * sh + s * dh, j * sw + t * dw] * w[k, c, s, t]
                    y[n, k, i, j] = total
    return y
