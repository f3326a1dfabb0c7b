# mistake: wrong_dtype
import numpy as np


def reverse_complement(x):
    if len(x) != 4:
        raise ValueError("four rows")
    y = np.zeros(x.shape)
    for row in range(4):
        y[3 - row] = x[row, ::-1]
    return y
