# mistake: none
import numpy as np


def avg_pool2d_backward(dy, x_shape, k, stride=None, padding=0):
    kh, kw = np.broadcast_to(k, 2)
    sh, sw = np.broadcast_to(k if stride is None else stride, 2)
    ph, pw = np.broadcast_to(padding, 2)
    N, C, H, W = x_shape
    if min(kh, kw, sh, sw) < 1 or min(ph, pw) < 0 or 2 * ph > kh or 2 * pw > kw:
        raise ValueError("impossible window, stride or padding")
    if kh > H + 2 * ph or kw > W + 2 * pw:
        raise ValueError("the window does not fit")
    rows, columns = (H + 2 * ph - kh) // sh + 1, (W + 2 * pw - kw) // sw + 1
    share = np.broadcast_to(dy / (kh * kw), (N, C, rows, columns))  # raises ValueError if it does not fit
    dx = np.zeros((N, C, H + 2 * ph, W + 2 * pw), dy.dtype)
    for s in range(kh):
        for t in range(kw):
            dx[:, :, s : s + (rows - 1) * sh + 1 : sh, t : t + (columns - 1) * sw + 1 : sw] += share
    return dx[:, :, ph : ph + H, pw : pw + W]
