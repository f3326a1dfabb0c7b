# mistake: slice_end_not_moved
import numpy as np


def conv1d(x, w):
    if len(w) > len(x):
        raise ValueError("the kernel is longer than the signal")
    y = np.zeros(len(x) - len(w) + 1, dtype=x.dtype)
    for i in range(len(y)):
        y[i] = np.sum(x[i : len(w)] * w)
    return y
