# Ends the process while the cell runs: the function is never there.
# expected: crashed error
import os

import numpy as np

os._exit(0)


def conv1d(x, w):
    if len(w) > len(x):
        raise ValueError("the kernel is longer than the signal")
    return np.array([x[i : i + len(w)] @ w for i in range(len(x) - len(w) + 1)], dtype=x.dtype)
