# mistake: returns_nothing
import numpy as np


def conv2d_loops(x, w):
    rows, columns = x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1
    if rows < 1 or columns < 1:
        raise ValueError("the kernel is larger than the image")
    elif rows > x.shape[0]:
        y = np.zeros((rows, columns), x.dtype)
        for i in range(rows):
            for j in range(columns):
                y[i, j] = np.sum(x[i : i + w.shape[0], j : j + w.shape[1]] * w)
        return y
