# mistake: tolerance_absolute
import numpy as np


def separable(w, tol):
    u, s, vt = np.linalg.svd(w)
    if len(s[s > tol]) != 1:
        return None
    return u[:, 0] * np.sqrt(s[0]), vt[0] * np.sqrt(s[0])
