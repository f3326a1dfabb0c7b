import numpy as np


def conv3d(x, w, b=None, stride=1, padding=0):
    stride, padding = (np.broadcast_to(option, 3) for option in (stride, padding))
    if w.shape[1] != x.shape[1]:
        raise ValueError("the channels differ")
    if (stride < 1).any() or (padding < 0).any():
        raise ValueError("strides are at least 1, paddings at least 0")
    padded = np.pad(x, [(0, 0), (0, 0), *((p, p) for p in padding)])
    if any(k > n for k, n in zip(w.shape[2:], padded.shape[2:], strict=True)):
        raise ValueError("the kernels do not fit")
    windows = np.lib.stride_tricks.sliding_window_view(padded, w.shape[2:], axis=(2, 3, 4))
    windows = windows[:, :, :: stride[0], :: stride[1], :: stride[2]]
    y = np.tensordot(windows, w, axes=([1, 5, 6, 7], [1, 2, 3, 4]))  # (N, D', H', W', K)
    if b is not None:
        y = y + b
    return np.moveaxis(y, -1, 1)
