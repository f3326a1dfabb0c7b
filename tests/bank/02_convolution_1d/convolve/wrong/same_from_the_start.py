# mistake: same_not_centred
import numpy as np


def convolve(x, w, mode):
    m, n = len(x), len(w)
    full = np.zeros(m + n - 1, x.dtype)
    for k in range(n):
        full[k : k + m] += x * w[k]
    if mode == "full":
        return full
    if mode == "same":
        return full[:m]
    if mode == "valid":
        return full[n - 1 : m]
    raise ValueError(f"unknown mode {mode!r}")
