# mistake: future_seen
import numpy as np


def causal_conv1d(x, w, dilation=1):
    if x.shape[1] != w.shape[1] or dilation < 1:
        raise ValueError("that does not fit")
    reach = (w.shape[2] - 1) * dilation
    padded = np.pad(x, ((0, 0), (0, 0), (reach // 2, reach - reach // 2)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, reach + 1, axis=2)[..., ::dilation]
    return np.einsum("nclk,ock->nol", windows, w)
