# mistake: padding_one_side
import numpy as np


def convolve(x, w, mode):
    m, n = len(x), len(w)
    f = w[::-1]
    before, after = {"full": (n - 1, 0), "same": (n // 2, (n - 1) // 2), "valid": (0, 0)}.get(mode, (None, None))
    if before is None:
        raise ValueError("mode")
    p = np.concatenate([np.zeros(before, x.dtype), x, np.zeros(after, x.dtype)])
    return np.array([p[i : i + n] @ f for i in range(len(p) - n + 1)])
