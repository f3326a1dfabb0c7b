# mistake: kernel_axes_swapped
import numpy as np


def conv2d_transpose(x, w, b=None, stride=1, padding=0):
    """Take w to be (C_out, C_in, kh, kw)."""
    N, C, H, W = x.shape
    K, Ci, kh, kw = w.shape
    if stride < 1 or padding < 0:
        raise ValueError("impossible")
    OH, OW = (H - 1) * stride + kh, (W - 1) * stride + kw
    y = np.zeros((N, K, OH, OW), dtype=x.dtype)
    for k in range(K):
        for c in range(C):
            for i in range(H):
                for j in range(W):
                    y[:, k, i * stride : i * stride + kh, j * stride : j * stride + kw] += x[:, c, i, j, None, None] * w[k, c]
    y = y[:, :, padding : OH - padding, padding : OW - padding]
    return y if b is None else y + b[:, None, None]
