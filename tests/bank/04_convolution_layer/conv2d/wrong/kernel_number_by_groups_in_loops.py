# mistake: divided_by_groups
import numpy as np


def as_pair(a):
    return (a, a) if isinstance(a, int) else a


def conv2d(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    (sh, sw), (ph, pw), (dh, dw) = as_pair(stride), as_pair(padding), as_pair(dilation)
    N, C, H, W = x.shape
    K, Cg, kh, kw = w.shape
    if C != Cg * groups or K % groups:
        raise ValueError("channels, kernels and groups do not fit together")
    if sh < 1 or sw < 1 or ph < 0 or pw < 0:
        raise ValueError("stride below 1 or padding below 0")
    if b is not None and len(b) != K:
        raise ValueError("one bias for each kernel, please")
    xp = np.zeros((N, C, H + 2 * ph, W + 2 * pw), x.dtype)
    xp[:, :, ph : ph + H, pw : pw + W] = x
    OH, OW = (xp.shape[2] - dh * (kh - 1) - 1) // sh + 1, (xp.shape[3] - dw * (kw - 1) - 1) // sw + 1
    if OH < 1 or OW < 1:
        raise ValueError("the kernel does not fit")
    y = np.zeros((N, K, OH, OW), x.dtype)
    for k in range(K):
        for c in range(Cg):
            channel = c if groups == 1 else k // groups * Cg + c
            for s in range(kh):
                for t in range(kw):
                    y[:, k] += w[k, c, s, t] * xp[:, channel, s * dh :: sh, t * dw :: sw][:, :OH, :OW]
        if b is not None:
            y[:, k] += b[k]
    return y
