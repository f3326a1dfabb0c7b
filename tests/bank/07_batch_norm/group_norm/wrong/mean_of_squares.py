# mistake: variance_cancelled
import numpy as np


def group_norm(x, groups, gamma, beta, eps=1e-5):
    N, C, H, W = x.shape
    if groups < 1 or C % groups != 0:
        raise ValueError(f"{groups} groups do not divide {C} channels")
    g = x.reshape(N, groups, C // groups, H, W)
    mean = g.mean(axis=(2, 3, 4), keepdims=True)
    var = (g * g).mean(axis=(2, 3, 4), keepdims=True) - mean**2
    x_hat = (g - mean) / np.sqrt(var + eps)
    return x_hat.reshape(N, C, H, W) * gamma.reshape(1, C, 1, 1) + beta.reshape(1, C, 1, 1)
