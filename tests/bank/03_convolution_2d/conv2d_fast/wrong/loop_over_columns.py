# mistake: python_loop
import numpy as np


def conv2d_fast(x, w):
    if w.shape[0] > x.shape[0] or w.shape[1] > x.shape[1]:
        raise ValueError("the kernel does not fit into the image")
    h, b = w.shape
    rows, cols = x.shape[0] - h + 1, x.shape[1] - b + 1
    y = np.zeros((rows, cols), x.dtype)
    bands = np.lib.stride_tricks.sliding_window_view(x, h, axis=0)
    for j in range(cols):
        y[:, j] = np.einsum("ibh,hb->i", bands[:, j : j + b], w)
    return y
