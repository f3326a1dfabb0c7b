# mistake: same_not_centred
import numpy as np


def convolve(x, w, mode):
    n = len(w)
    if mode == "full":
        widths = (n - 1, n - 1)
    elif mode == "same":
        widths = (n - 1, 0)
    elif mode == "valid":
        widths = (0, 0)
    else:
        raise ValueError("no such mode: " + mode)
    padded = np.pad(x, widths)
    return np.lib.stride_tricks.sliding_window_view(padded, n) @ w[::-1]
