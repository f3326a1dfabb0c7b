import numpy as np


def planes_convolved(x, w, stride):
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], axis=(3, 4))[:, :, :, :: stride[0], :: stride[1]]
    return np.einsum("ncdijst,kcst->nkdij", windows, w)


def conv3d(x, w, b=None, stride=1, padding=0):
    stride, padding = (tuple(np.broadcast_to(o, 3).tolist()) for o in (stride, padding))
    if x.shape[1] != w.shape[1] or min(stride) < 1 or min(padding) < 0:
        raise ValueError("that does not fit")
    p, q, r = padding
    padded = np.pad(x, ((0, 0), (0, 0), (p, p), (q, q), (r, r)))
    if np.any(np.greater(w.shape[2:], padded.shape[2:])):
        raise ValueError("the kernels are larger than the volume")
    planes = (padded.shape[2] - w.shape[2]) // stride[0] + 1
    y = 0
    for i in range(w.shape[2]):
        y = y + planes_convolved(padded[:, :, i : i + (planes - 1) * stride[0] + 1 : stride[0]], w[:, :, i], stride[1:])
    return y if b is None else y + b.reshape(-1, 1, 1, 1)
