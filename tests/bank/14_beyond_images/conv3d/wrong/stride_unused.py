# mistake: stride_ignored
import numpy as np


def conv3d(x, w, b=None, stride=1, padding=0):
    stride, padding = (tuple(np.broadcast_to(o, 3)) for o in (stride, padding))
    if x.shape[1] != w.shape[1] or min(stride) < 1 or min(padding) < 0:
        raise ValueError("that does not fit")
    padded = np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, w.shape[2:], axis=(2, 3, 4))
    y = np.einsum("ncijlrst,kcrst->nkijl", windows, w)
    return y if b is None else y + b[:, None, None, None]
