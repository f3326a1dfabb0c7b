# mistake: view_for_copy
import numpy as np


def numerical_gradient(f, x, dy, eps=1e-6):
    x = x.copy()
    grad = np.zeros_like(x)
    for p in np.ndindex(*x.shape):
        old = x[p]
        x[p] = old + eps
        a = f(x)
        x[p] = old - eps
        b = f(x)
        x[p] = old
        grad[p] = np.sum((a - b) * dy) / (2 * eps)
    return grad
