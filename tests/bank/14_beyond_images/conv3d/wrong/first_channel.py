# mistake: channels_not_summed
import numpy as np


def conv3d(x, w, b=None, stride=1, padding=0):
    stride, padding = (tuple(np.broadcast_to(o, 3)) for o in (stride, padding))
    if x.shape[1] != w.shape[1] or min(stride) < 1 or min(padding) < 0:
        raise ValueError("that does not fit")
    padded = np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)))
    windows = np.lib.stride_tricks.sliding_window_view(padded[:, 0], w.shape[2:], axis=(1, 2, 3))
    windows = windows[:, :: stride[0], :: stride[1], :: stride[2]]
    y = np.einsum("nijlrst,krst->nkijl", windows, w[:, 0])
    return y if b is None else y + b[:, None, None, None]
