import numpy as np


def conv1d(x, w):
    m, n = len(x), len(w)
    if n > m:
        raise ValueError("the kernel is longer than the signal")
    y = np.empty(m - n + 1, dtype=x.dtype)
    for i in range(m - n + 1):
        y[i] = w @ x[i : i + n]
    return y
