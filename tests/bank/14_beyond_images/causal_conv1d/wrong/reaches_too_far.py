# mistake: long_reach_refused
import numpy as np


def causal_conv1d(x, w, dilation=1):
    (n, c, length), (out, depth, taps) = x.shape, w.shape
    if depth != c or dilation < 1:
        raise ValueError("that does not fit")
    if (taps - 1) * dilation > length:
        raise ValueError("the kernel is longer than the signal")
    y = np.zeros((n, out, length), dtype=x.dtype)
    for k in range(taps):
        back = (taps - 1 - k) * dilation
        y[:, :, back:] += w[:, :, k] @ x[:, :, : length - back]
    return y
