import numpy as np


def pair(v):
    return (v, v) if np.ndim(v) == 0 else tuple(v)


def conv2d(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    (sh, sw), (ph, pw), (dh, dw) = pair(stride), pair(padding), pair(dilation)
    n, c, height, width = x.shape
    count, depth, kh, kw = w.shape
    if groups < 1 or c % groups or count % groups or depth * groups != c:
        raise ValueError("the groups do not divide the channels")
    if min(sh, sw, dh, dw) < 1 or min(ph, pw) < 0:
        raise ValueError("impossible geometry")
    oh = (height + 2 * ph - dh * (kh - 1) - 1) // sh + 1
    ow = (width + 2 * pw - dw * (kw - 1) - 1) // sw + 1
    if b is not None and len(b) != count:
        raise ValueError("there must be one bias for each kernel")
    if oh < 1 or ow < 1:
        raise ValueError("the kernel is larger than the padded input")
    xp = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    per = count // groups
    y = np.zeros((n, groups, per, oh, ow), x.dtype)
    xg = xp.reshape(n, groups, depth, *xp.shape[2:])
    wg = w.reshape(groups, per, depth, kh, kw)
    for s in range(kh):
        for t in range(kw):
            part = xg[..., s * dh : s * dh + sh * (oh - 1) + 1 : sh, t * dw : t * dw + sw * (ow - 1) + 1 : sw]
            y += np.einsum("ngcij,gkc->ngkij", part, wg[..., s, t])
    y = y.reshape(n, count, oh, ow)
    if b is not None:
        y = y + b[:, None, None]
    return y
