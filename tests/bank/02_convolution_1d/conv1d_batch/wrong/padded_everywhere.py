# mistake: padding_all_axes
import numpy as np


def conv1d_batch(x, w, b=None, stride=1, padding=0):
    N, C, L = x.shape
    K, D, n = w.shape
    if C != D or stride < 1 or padding < 0 or n > L + 2 * padding:
        raise ValueError("stride, padding and the shapes of x and w do not fit together")
    xp = np.pad(x, padding)
    out = (L + 2 * padding - n) // stride + 1
    y = np.zeros((N, K, out), x.dtype)
    for s in range(N):
        for k in range(K):
            for i in range(out):
                for c in range(C):
                    y[s, k, i] += xp[s, c, i * stride : i * stride + n] @ w[k, c]
    if b is not None:
        y += b[:, None]
    return y
