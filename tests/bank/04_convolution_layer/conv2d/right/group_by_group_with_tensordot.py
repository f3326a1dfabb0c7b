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
    parts = []
    for xg, wg in zip(np.split(xp, groups, axis=1), np.split(w, groups, axis=0)):
        v = np.lib.stride_tricks.sliding_window_view(xg, (dh * (kh - 1) + 1, dw * (kw - 1) + 1), axis=(2, 3))
        v = v[:, :, ::sh, ::sw, ::dh, ::dw]
        parts.append(np.tensordot(v, wg, axes=([1, 4, 5], [1, 2, 3])).transpose(0, 3, 1, 2))
    y = np.concatenate(parts, axis=1)
    if b is not None:
        y += b.reshape(-1, 1, 1)
    return y
