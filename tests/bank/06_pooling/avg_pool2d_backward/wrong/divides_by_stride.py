# mistake: divided_by_stride
import numpy as np


def avg_pool2d_backward(dy, x_shape, k, stride=None, padding=0):
    kh, kw = np.broadcast_to(k, 2)
    sh, sw = np.broadcast_to(k if stride is None else stride, 2)
    ph, pw = np.broadcast_to(padding, 2)
    N, C, H, W = x_shape
    dx = np.zeros((N, C, H + 2 * ph, W + 2 * pw), dy.dtype)
    for i in range(dy.shape[2]):
        for j in range(dy.shape[3]):
            dx[:, :, i * sh : i * sh + kh, j * sw : j * sw + kw] += dy[:, :, i, j, None, None] / (sh * sw)
    return dx[:, :, ph : ph + H, pw : pw + W]
