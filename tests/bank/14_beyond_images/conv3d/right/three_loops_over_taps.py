import numpy as np


def triple(value):
    return (value, value, value) if np.ndim(value) == 0 else tuple(value)


def conv3d(x, w, b=None, stride=1, padding=0):
    (sd, sh, sw), (pd, ph, pw) = triple(stride), triple(padding)
    n, c, depth, height, width = x.shape
    out, channels, kd, kh, kw = w.shape
    if channels != c or min(sd, sh, sw) < 1 or min(pd, ph, pw) < 0:
        raise ValueError("that does not fit")
    padded = np.pad(x, ((0, 0), (0, 0), (pd, pd), (ph, ph), (pw, pw)))
    if kd > padded.shape[2] or kh > padded.shape[3] or kw > padded.shape[4]:
        raise ValueError("the kernels are too large")
    planes = (depth + 2 * pd - kd) // sd + 1
    rows = (height + 2 * ph - kh) // sh + 1
    columns = (width + 2 * pw - kw) // sw + 1
    y = np.zeros((n, out, planes, rows, columns), dtype=x.dtype)
    for r in range(kd):
        for s in range(kh):
            for t in range(kw):
                met = padded[:, :, r:, s:, t:][:, :, ::sd, ::sh, ::sw][:, :, :planes, :rows, :columns]
                y += np.einsum("ncijl,kc->nkijl", met, w[:, :, r, s, t])
    if b is not None:
        y += b.reshape(1, -1, 1, 1, 1)
    return y
