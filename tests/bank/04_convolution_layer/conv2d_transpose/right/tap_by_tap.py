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
    y = np.zeros((N, K, OH, OW), dtype=x.dtype)
    for s in range(kh):
        for t in range(kw):
            y[:, :, s : s + (H - 1) * stride + 1 : stride, t : t + (W - 1) * stride + 1 : stride] += np.einsum(
                "ncij,ck->nkij", x, w[:, :, s, t]
            )
    y = y[:, :, padding : OH - padding, padding : OW - padding]
    if b is not None:
        y = y + b[:, None, None]
    return y
