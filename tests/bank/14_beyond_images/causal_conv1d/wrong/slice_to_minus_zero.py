# mistake: slice_to_minus_zero
import numpy as np


def causal_conv1d(x, w, dilation=1):
    (n, c, length), (out, depth, taps) = x.shape, w.shape
    if depth != c or dilation < 1:
        raise ValueError("that does not fit")
    y = np.zeros((n, out, length), dtype=x.dtype)
    for k in range(taps):
        back = (taps - 1 - k) * dilation
        y[:, :, back:] += w[:, :, k] @ x[:, :, :-back]
    return y
