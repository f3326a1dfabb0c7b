# mistake: dilation_ignored
import numpy as np


def causal_conv1d(x, w, dilation=1):
    if x.shape[1] != w.shape[1] or dilation < 1:
        raise ValueError("that does not fit")
    padded = np.pad(x, ((0, 0), (0, 0), (w.shape[2] - 1, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, w.shape[2], axis=2)
    return np.einsum("nclk,ock->nol", windows, w)
