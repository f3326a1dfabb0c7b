# mistake: variance_cancelled
import numpy as np


def layer_norm(x, gamma, beta, eps=1e-5):
    mean = x.mean(axis=(1, 2, 3), keepdims=True)
    var = (x**2).mean(axis=(1, 2, 3), keepdims=True) - mean**2
    return gamma * (x - mean) / np.sqrt(var + eps) + beta
