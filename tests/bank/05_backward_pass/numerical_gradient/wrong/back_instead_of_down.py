# mistake: second_point_unmoved
import numpy as np


def numerical_gradient(f, x, dy, eps=1e-6):
    x = x.copy()
    grad = np.zeros_like(x)
    for p in np.ndindex(*x.shape):
        x[p] += eps
        high = np.sum(f(x) * dy)
        x[p] -= eps
        low = np.sum(f(x) * dy)
        grad[p] = (high - low) / (2 * eps)
    return grad
