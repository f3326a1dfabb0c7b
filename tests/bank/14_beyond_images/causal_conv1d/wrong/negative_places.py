# mistake: wraps_around
import numpy as np


def causal_conv1d(x, w, dilation=1):
    (n, c, length), (out, depth, taps) = x.shape, w.shape
    if depth != c or dilation < 1:
        raise ValueError("that does not fit")
    y = np.zeros((n, out, length), dtype=x.dtype)
    for k in range(taps):
        y += w[:, :, k] @ np.roll(x, (taps - 1 - k) * dilation, axis=2)
    return y
