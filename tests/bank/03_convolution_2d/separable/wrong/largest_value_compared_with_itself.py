# mistake: largest_value_with_itself
import numpy as np


def separable(w, tol):
    u, s, vt = np.linalg.svd(w)
    if np.any(s > tol * s[0]):
        return None
    return u[:, 0] * s[0], vt[0]
