# mistake: one_output_too_few
import numpy as np


def conv1d(x, w):
    m, n = len(x), len(w)
    if n > m:
        raise ValueError("the kernel is longer than the signal")
    y = np.zeros(m - n + 1, dtype=x.dtype)
    for i in range(m - n):
        y[i] = np.sum(x[i : i + n] * w)
    return y
