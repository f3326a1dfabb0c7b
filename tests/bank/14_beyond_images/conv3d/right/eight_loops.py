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
    planes, rows, columns = (padded.shape[2] - kd) // sd + 1, (padded.shape[3] - kh) // sh + 1, (padded.shape[4] - kw) // sw + 1
    y = np.zeros((n, out, planes, rows, columns), dtype=x.dtype)
    if max(planes, rows, columns) > 6:  # the larger of the sizes that are counted
        windows = np.lib.stride_tricks.sliding_window_view(padded, (kd, kh, kw), axis=(2, 3, 4))[:, :, ::sd, ::sh, ::sw]
        y += np.einsum("ncijlrst,kcrst->nkijl", windows, w)
    else:
        for r in range(kd):
            for s in range(kh):
                for t in range(kw):
                    at = (
                        slice(r, r + (planes - 1) * sd + 1, sd),
                        slice(s, s + (rows - 1) * sh + 1, sh),
                        slice(t, t + (columns - 1) * sw + 1, sw),
                    )
                    y += np.einsum("ncijl,kc->nkijl", padded[(slice(None), slice(None), *at)], w[:, :, r, s, t])
    if b is not None:
        y += b.reshape(1, -1, 1, 1, 1)
    return y
