import numpy as np


def conv1d_batch_backward(dy, x, w, stride=1, padding=0):
    if dy.shape != (len(x), len(w), (x.shape[2] + 2 * padding - w.shape[2]) // stride + 1):
        raise ValueError("dy does not have the shape of the output")
    N, C, L = x.shape
    K, _, n = w.shape
    xp = np.zeros((N, C, L + 2 * padding), dtype=x.dtype)
    xp[:, :, padding : padding + L] = x
    dxp, dw, db = np.zeros_like(xp), np.zeros_like(w), np.zeros(K, dtype=w.dtype)
    for s in range(N):
        for k in range(K):
            for i in range(dy.shape[2]):
                window = slice(i * stride, i * stride + n)
                dxp[s, :, window] += dy[s, k, i] * w[k]
                dw[k] += dy[s, k, i] * xp[s, :, window]
                db[k] += dy[s, k, i]
    return dxp[:, :, padding : padding + L], dw, db
