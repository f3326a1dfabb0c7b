# mistake: none
import numpy as np


def pair(v):
    return v if isinstance(v, tuple) else (v, v)


def conv2d(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    (sh, sw), (ph, pw), (dh, dw) = pair(stride), pair(padding), pair(dilation)
    N, C, H, W = x.shape
    K, depth, kh, kw = w.shape
    OH = (H + 2 * ph - (dh * (kh - 1) + 1)) // (sh or -1) + 1
    OW = (W + 2 * pw - (dw * (kw - 1) + 1)) // (sw or -1) + 1
    if sh <= 0 or sw <= 0 or ph < 0 or pw < 0 or OH <= 0 or OW <= 0:
        raise ValueError("bad geometry")
    if depth * groups != C or K % groups != 0 or (b is not None and b.size != K):
        raise ValueError("bad shapes")
    xp = np.zeros((N, C, H + 2 * ph, W + 2 * pw), x.dtype)
    xp[..., ph : H + ph, pw : W + pw] = x
    y = np.zeros((N, groups, K // groups, OH, OW), x.dtype)
    for g in range(groups):
        kernels = w.reshape(groups, K // groups, -1)[g]
        for i in range(OH):
            for j in range(OW):
                block = xp[:, g * depth : (g + 1) * depth, i * sh : i * sh + kh : dh, j * sw : j * sw + kw : dw]
                y[:, g, :, i, j] = block.reshape(N, -1) @ kernels.T
    y = y.reshape(N, K, OH, OW)
    return y if b is None else y + b[None, :, None, None]
