# mistake: tolerance_absolute
import numpy as np


def separable(w, tol):
    if np.linalg.matrix_rank(w, tol) > 1:
        return None
    u, s, vt = np.linalg.svd(w)
    return u[:, 0] * s[0], vt[0]
