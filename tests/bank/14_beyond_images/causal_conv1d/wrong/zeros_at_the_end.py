# mistake: future_seen
import numpy as np


def causal_conv1d(x, w, dilation=1):
    n, c, length = x.shape
    out, depth, taps = w.shape
    if depth != c or dilation < 1:
        raise ValueError("channels or dilation do not fit")
    padded = np.pad(x, ((0, 0), (0, 0), (0, (taps - 1) * dilation)))
    y = np.zeros((n, out, length), dtype=x.dtype)
    for k in range(taps):
        y += w[:, :, k] @ padded[:, :, k * dilation : k * dilation + length]
    return y
