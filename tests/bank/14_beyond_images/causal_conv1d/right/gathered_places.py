import numpy as np


def causal_conv1d(x, w, dilation=1):
    length, taps = x.shape[2], w.shape[2]
    if w.shape[1] != x.shape[1] or dilation < 1:
        raise ValueError("that does not fit")
    places = np.arange(length)[:, None] - dilation * np.arange(taps - 1, -1, -1)  # (L, K)
    seen = np.where(places >= 0, x[:, :, np.maximum(places, 0)], 0)  # (N, C, L, K)
    return np.einsum("nclk,ock->nol", seen, w).astype(x.dtype)
