# mistake: depth_ignored
import numpy as np


def conv3d(x, w, b=None, stride=1, padding=0):
    stride, padding = (tuple(np.broadcast_to(o, 3)) for o in (stride, padding))
    if x.shape[1] != w.shape[1] or min(stride) < 1 or min(padding) < 0:
        raise ValueError("that does not fit")
    padded = np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)))
    if any(k > n for k, n in zip(w.shape[2:], padded.shape[2:], strict=True)):
        raise ValueError("too large")
    planes = (padded.shape[2] - w.shape[2]) // stride[0] + 1
    windows = np.lib.stride_tricks.sliding_window_view(padded, w.shape[3:], axis=(3, 4))
    windows = windows[:, :, : planes * stride[0] : stride[0], :: stride[1], :: stride[2]]
    y = np.einsum("ncijlst,kcst->nkijl", windows, w[:, :, 0])
    return y if b is None else y + b[:, None, None, None]
