# mistake: only_last_tap
import numpy as np


def causal_conv1d(x, w, dilation=1):
    (n, c, length), (out, depth, taps) = x.shape, w.shape
    if depth != c or dilation < 1:
        raise ValueError("that does not fit")
    padded = np.pad(x, ((0, 0), (0, 0), ((taps - 1) * dilation, 0)))
    for k in range(taps):
        y = w[:, :, k] @ padded[:, :, k * dilation : k * dilation + length]
    return y
