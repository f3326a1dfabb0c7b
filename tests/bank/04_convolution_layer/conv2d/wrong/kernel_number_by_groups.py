# mistake: divided_by_groups
import numpy as np


def conv2d(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    s, p, d = (v if isinstance(v, tuple) else (v, v) for v in (stride, padding, dilation))
    batch, channels, height, width = x.shape
    kernels, depth, kh, kw = w.shape
    if depth * groups != channels or kernels % groups:
        raise ValueError("groups do not fit")
    if min(s) < 1 or min(p) < 0 or (b is not None and b.shape != (kernels,)):
        raise ValueError("impossible arguments")
    reach = d[0] * (kh - 1) + 1, d[1] * (kw - 1) + 1
    out_h, out_w = (height + 2 * p[0] - reach[0]) // s[0] + 1, (width + 2 * p[1] - reach[1]) // s[1] + 1
    if min(out_h, out_w) < 1:
        raise ValueError("kernel too large")
    padded = np.pad(x, ((0, 0), (0, 0), (p[0], p[0]), (p[1], p[1])))
    y = np.zeros((batch, kernels, out_h, out_w), x.dtype)
    for k in range(kernels):
        group = k // groups
        mine = padded[:, group * depth : (group + 1) * depth]
        for i in range(out_h):
            for j in range(out_w):
                top, left = i * s[0], j * s[1]
                window = mine[:, :, top : top + reach[0] : d[0], left : left + reach[1] : d[1]]
                y[:, k, i, j] = np.sum(window * w[k], axis=(1, 2, 3))
        if b is not None:
            y[:, k] += b[k]
    return y
