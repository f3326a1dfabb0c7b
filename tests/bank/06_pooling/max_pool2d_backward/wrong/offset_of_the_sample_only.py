# mistake: index_over_channels
import numpy as np


def max_pool2d_backward(dy, index, x_shape):
    N, C, H, W = x_shape
    if dy.shape != index.shape or dy.shape[:2] != (N, C):
        raise ValueError("shapes do not fit")
    if index.min() < 0 or index.max() >= H * W:
        raise ValueError("index outside of its plane")
    dx = np.zeros(N * C * H * W, dy.dtype)
    np.add.at(dx, index + np.arange(N)[:, None, None, None] * H * W, dy)
    return dx.reshape(x_shape)
