# mistake: padding_all_axes
import numpy as np


def conv3d(x, w, b=None, stride=1, padding=0):
    stride = tuple(np.broadcast_to(stride, 3))
    if x.shape[1] != w.shape[1] or min(stride) < 1:
        raise ValueError("that does not fit")
    if isinstance(padding, tuple):
        padding = ((0, 0), (0, 0), *((p, p) for p in padding))
    padded = np.pad(x, padding)[:, : x.shape[1]]
    windows = np.lib.stride_tricks.sliding_window_view(padded, w.shape[2:], axis=(2, 3, 4))
    windows = windows[:, :, :: stride[0], :: stride[1], :: stride[2]]
    y = np.einsum("ncijlrst,kcrst->nkijl", windows, w)
    return y if b is None else y + b[:, None, None, None]
