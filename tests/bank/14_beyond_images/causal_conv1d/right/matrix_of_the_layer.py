import numpy as np


def causal_conv1d(x, w, dilation=1):
    (n, c, length), (out, depth, taps) = x.shape, w.shape
    if depth != c or dilation <= 0:
        raise ValueError("that does not fit")
    matrix = np.zeros((out, c, length, length), dtype=x.dtype)
    for k in range(taps):
        shift = np.eye(length, k=-(taps - 1 - k) * dilation, dtype=x.dtype)
        matrix += w[:, :, k, None, None] * shift
    return np.einsum("octs,ncs->not", matrix, x)
