# mistake: slice_to_minus_zero
import numpy as np


def im2col(x, k, stride=1, padding=0, dilation=1):
    if isinstance(k, int):
        k = (k, k)
    if isinstance(stride, int):
        stride = (stride, stride)
    if isinstance(padding, int):
        padding = (padding, padding)
    if isinstance(dilation, int):
        dilation = (dilation, dilation)
    N, C, H, W = x.shape
    height = (H + 2 * padding[0] - dilation[0] * (k[0] - 1) - 1) // (stride[0] or -1) + 1
    width = (W + 2 * padding[1] - dilation[1] * (k[1] - 1) - 1) // (stride[1] or -1) + 1
    if min(stride) < 1 or min(padding) < 0 or height < 1 or width < 1:
        raise ValueError("no window fits")
    framed = np.zeros((N, C, H + 2 * padding[0], W + 2 * padding[1]), dtype=x.dtype)
    framed[:, :, padding[0] : -padding[0], padding[1] : -padding[1]] = x
    rows = np.arange(height) * stride[0]
    columns = np.arange(width) * stride[1]
    taps = [
        framed[:, c][:, rows[:, None] + s * dilation[0], columns + t * dilation[1]].reshape(N, -1)
        for c in range(C)
        for s in range(k[0])
        for t in range(k[1])
    ]
    return np.stack(taps, axis=1)
