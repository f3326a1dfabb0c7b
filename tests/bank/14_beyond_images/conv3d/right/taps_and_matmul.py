import itertools

import numpy as np


def conv3d(x, w, b=None, stride=1, padding=0):
    stride = list(stride) if isinstance(stride, (tuple, list)) else [stride] * 3
    padding = list(padding) if isinstance(padding, (tuple, list)) else [padding] * 3
    if w.shape[1] != x.shape[1] or min(stride) < 1 or min(padding) < 0:
        raise ValueError("that does not fit")
    sizes = [n + 2 * p for n, p in zip(x.shape[2:], padding, strict=True)]
    outputs = [(n - k) // s + 1 for n, k, s in zip(sizes, w.shape[2:], stride, strict=True)]
    if any(k > n for n, k in zip(sizes, w.shape[2:], strict=True)):
        raise ValueError("the kernels do not fit")
    padded = np.zeros((*x.shape[:2], *sizes), dtype=x.dtype)
    inner = [slice(p, p + n) for p, n in zip(padding, x.shape[2:], strict=True)]
    padded[:, :, inner[0], inner[1], inner[2]] = x
    y = np.zeros((len(x), len(w), int(np.prod(outputs))), dtype=x.dtype)
    for place in itertools.product(*map(range, w.shape[2:])):
        i, j, k = (slice(t, t + (o - 1) * s + 1, s) for t, o, s in zip(place, outputs, stride, strict=True))
        met = padded[:, :, i, j, k].reshape(len(x), x.shape[1], -1)
        y += w[(slice(None), slice(None), *place)] @ met
    if b is not None:
        y += b[:, None]
    return y.reshape(len(x), len(w), *outputs)
