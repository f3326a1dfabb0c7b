# mistake: slice_to_minus_zero
import numpy as np


def conv1d_batch(x, w, b=None, stride=1, padding=0):
    N, C, L = x.shape
    K, D, n = w.shape
    if D != C or stride < 1 or padding < 0 or n > L + 2 * padding or (b is not None and b.shape != (K,)):
        raise ValueError("kernel, channels, bias, stride or padding do not fit")
    xp = np.zeros((N, C, L + 2 * padding), x.dtype)
    xp[:, :, padding:-padding] = x
    out = (L + 2 * padding - n) // stride + 1
    y = np.zeros((N, K, out), x.dtype)
    for i in range(out):
        y[:, :, i] = np.tensordot(xp[:, :, i * stride : i * stride + n], w, axes=((1, 2), (1, 2)))
    return y if b is None else y + b[:, None]
