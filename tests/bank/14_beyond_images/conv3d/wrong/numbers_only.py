# mistake: triple_refused
import numpy as np


def conv3d(x, w, b=None, stride=1, padding=0):
    if x.shape[1] != w.shape[1] or np.min(stride) < 1 or np.min(padding) < 0:
        raise ValueError("that does not fit")
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, w.shape[2:], axis=(2, 3, 4))
    windows = windows[:, :, ::stride, ::stride, ::stride]
    y = np.einsum("ncijlrst,kcrst->nkijl", windows, w)
    return y if b is None else y + b[:, None, None, None]
