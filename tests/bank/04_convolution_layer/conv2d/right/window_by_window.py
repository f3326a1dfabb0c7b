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
    big = np.zeros((N, C, H + 2 * ph, W + 2 * pw), dtype=x.dtype)
    big[:, :, ph : H + ph, pw : W + pw] = x
    y = np.empty((N, K, OH, OW), dtype=x.dtype)
    per = K // groups
    for i in range(OH):
        for j in range(OW):
            window = big[:, :, i * sh : i * sh + dh * kh : dh, j * sw : j * sw + dw * kw : dw][:, :, :kh, :kw]
            for k in range(K):
                c = k // per * Cg
                y[:, k, i, j] = (window[:, c : c + Cg] * w[k]).sum(axis=(1, 2, 3))
    if b is not None:
        for k in range(K):
            y[:, k] += b[k]
    return y
