# mistake: python_loop
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def conv2d_fast(x, w):
    h, v = w.shape
    if h > x.shape[0] or v > x.shape[1]:
        raise ValueError("kernel too large")
    rows = [np.tensordot(sliding_window_view(x[i : i + h], w.shape)[0], w) for i in range(x.shape[0] - h + 1)]
    return np.stack(rows)
