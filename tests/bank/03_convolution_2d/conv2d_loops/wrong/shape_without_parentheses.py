# mistake: none
import numpy as np


def conv2d_loops(x, w):
    H, B = x.shape
    h, b = w.shape
    if h > H or b > B:
        raise ValueError("the kernel is larger than the image")
    y = np.zeros(H - h + 1, B - b + 1)
    for i in range(H - h + 1):
        for j in range(B - b + 1):
            y[i, j] = np.sum(x[i : i + h, j : j + b] * w)
    return y
