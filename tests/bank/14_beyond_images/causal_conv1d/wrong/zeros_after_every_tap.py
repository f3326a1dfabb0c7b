# mistake: present_excluded
import numpy as np


def causal_conv1d(x, w, dilation=1):
    (n, c, length), (out, depth, taps) = x.shape, w.shape
    if depth != c or dilation < 1:
        raise ValueError("that does not fit")
    spread = np.zeros((out, c, taps * dilation), dtype=w.dtype)
    spread[:, :, ::dilation] = w
    padded = np.pad(x, ((0, 0), (0, 0), (taps * dilation - 1, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, taps * dilation, axis=2)
    return np.einsum("nclk,ock->nol", windows, spread)
