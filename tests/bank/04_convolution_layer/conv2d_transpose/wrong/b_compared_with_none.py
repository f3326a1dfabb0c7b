# mistake: bias_truth_tested
import numpy as np


def conv2d_transpose(x, w, b=None, stride=1, padding=0):
    n, c, height, width = x.shape
    depth, count, kh, kw = w.shape
    if depth != c:
        raise ValueError("w does not fit the channels of x")
    full_h, full_w = (height - 1) * stride + kh, (width - 1) * stride + kw
    if stride < 1 or padding < 0 or full_h <= 2 * padding or full_w <= 2 * padding:
        raise ValueError("impossible stride or padding")
    full = np.zeros((n, count, full_h, full_w), x.dtype)
    for s in range(kh):
        for t in range(kw):
            rows = slice(s, s + stride * (height - 1) + 1, stride)
            columns = slice(t, t + stride * (width - 1) + 1, stride)
            full[:, :, rows, columns] += np.einsum("nchw,ck->nkhw", x, w[:, :, s, t])
    y = full[:, :, padding : full_h - padding, padding : full_w - padding]
    if b != None:  # noqa: E711
        y = y + b.reshape(1, -1, 1, 1)
    return y
