# Never finishes the cell.
# expected: timeout error
import numpy as np

while True:
    pass


def conv1d(x, w):
    if len(w) > len(x):
        raise ValueError("the kernel is longer than the signal")
    return np.array([x[i : i + len(w)] @ w for i in range(len(x) - len(w) + 1)], dtype=x.dtype)
