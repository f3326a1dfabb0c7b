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
    # The matrix of the convolution for one pair of channels, read column by column.
    y = np.zeros((N, K, OH, OW))
    for c in range(C):
        for k in range(K):
            M = np.zeros((H * W, OH * OW))
            for i in range(H):
                for j in range(W):
                    for s in range(kh):
                        for t in range(kw):
                            M[i * W + j, (i * stride + s) * OW + j * stride + t] = w[c, k, s, t]
            y[:, k] += (x[:, c].reshape(N, -1) @ M).reshape(N, OH, OW)
    y = y[:, :, padding : OH - padding, padding : OW - padding]
    if b is not None:
        y += b[:, None, None]
    return y.astype(x.dtype)
