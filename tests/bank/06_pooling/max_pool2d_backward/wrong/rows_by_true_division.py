# mistake: none
import numpy as np


def max_pool2d_backward(dy, index, x_shape):
    N, C, H, W = x_shape
    if dy.shape != index.shape or dy.shape[:2] != (N, C):
        raise ValueError("dy, index and x_shape do not fit together")
    if index.min() < 0 or index.max() >= H * W:
        raise ValueError("there is an index outside of the plane")
    rows, columns = index / W, index % W
    n = np.arange(N).reshape(-1, 1, 1, 1)
    c = np.arange(C).reshape(1, -1, 1, 1)
    dx = np.zeros(x_shape, dtype=dy.dtype)
    np.add.at(dx, (n, c, rows, columns), dy)
    return dx
