# mistake: padding_ignored
import numpy as np


def causal_conv1d(x, w, dilation=1):
    (n, c, length), (out, depth, taps) = x.shape, w.shape
    if depth != c or dilation < 1:
        raise ValueError("that does not fit")
    outputs = length - (taps - 1) * dilation
    if outputs < 1:
        return np.zeros((n, out, 0), dtype=x.dtype)
    return sum(w[:, :, k] @ x[:, :, k * dilation : k * dilation + outputs] for k in range(taps))
