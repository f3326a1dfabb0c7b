# mistake: singular_vector_axis
import numpy as np


def separable(w, tol):
    u, s, vt = np.linalg.svd(w)
    for value in s[1:]:
        if value / s[0] > tol:
            return None
    return s[0] * u[0], vt[:, 0]
