# mistake: group_block_wrong
import numpy as np


def conv2d(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    def two(a):
        return a if isinstance(a, tuple) else (a, a)

    (sh, sw), (ph, pw), (dh, dw) = two(stride), two(padding), two(dilation)
    K, Cg, kh, kw = w.shape
    if x.shape[1] != Cg * groups or K % groups or min(sh, sw) < 1 or min(ph, pw) < 0:
        raise ValueError("conv2d: impossible arguments")
    if b is not None and np.shape(b) != (K,):
        raise ValueError("conv2d: b must have one entry for each kernel")
    x = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    if dh * (kh - 1) + 1 > x.shape[2] or dw * (kw - 1) + 1 > x.shape[3]:
        raise ValueError("conv2d: kernel too large")
    windows = np.lib.stride_tricks.sliding_window_view(x, (dh * (kh - 1) + 1, dw * (kw - 1) + 1), axis=(2, 3))
    windows = windows[:, :, ::sh, ::sw, ::dh, ::dw]
    per_group = K // groups
    outputs = []
    for k in range(K):
        g = k // per_group
        outputs.append(np.einsum("ncijst,cst->nij", windows[:, g : g + Cg], w[k]))
    y = np.stack(outputs, axis=1)
    return y if b is None else y + b[:, None, None]
