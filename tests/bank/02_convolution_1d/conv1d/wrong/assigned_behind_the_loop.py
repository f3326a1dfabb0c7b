# mistake: only_last_output
import numpy as np


def conv1d(x, w):
    m, n = len(x), len(w)
    if n > m:
        raise ValueError("the kernel is longer than the signal")
    y = np.zeros(m - n + 1, dtype=x.dtype)
    for i in range(m - n + 1):
        total = 0
        for k in range(n):
            total += x[i + k] * w[k]
    y[i] = total
    return y
