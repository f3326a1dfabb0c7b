import numpy as np


def conv2d_transpose(x, w, b=None, stride=1, padding=0):
    N, C, H, W = x.shape
    Ci, K, kh, kw = w.shape
    if Ci != C:
        raise ValueError("w is made for another number of channels")
    if min((x.shape[2] - 1) * stride + w.shape[2], (x.shape[3] - 1) * stride + w.shape[3]) <= 2 * padding:
        raise ValueError("the padding cuts everything off")
    if stride < 1 or padding < 0:
        raise ValueError("stride must be positive, padding must not be negative")
    OH, OW = (H - 1) * stride + kh, (W - 1) * stride + kw
    y = np.zeros((N, K, OH - 2 * padding, OW - 2 * padding), x.dtype)
    for i in range(H):
        for s in range(kh):
            r = i * stride + s - padding
            if not 0 <= r < y.shape[2]:
                continue
            for j in range(W):
                for t in range(kw):
                    q = j * stride + t - padding
                    if 0 <= q < y.shape[3]:
                        y[:, :, r, q] += x[:, :, i, j] @ w[:, :, s, t]
    if b is not None:
        y = y + b[:, None, None]
    return y
