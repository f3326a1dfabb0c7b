import numpy as np


def reverse_complement(x):
    rows, length = x.shape
    if rows != 4:
        raise ValueError("x must have four rows")
    y = np.empty_like(x)
    for i in range(length):
        a, c, g, t = x[:, length - 1 - i]
        y[:, i] = t, g, c, a
    return y
