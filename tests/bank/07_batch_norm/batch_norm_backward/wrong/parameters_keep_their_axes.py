# mistake: axes_kept
import numpy as np


def batch_norm_train(x, gamma, beta, running_mean, running_var, momentum=0.1, eps=1e-5):
    axes = (0, 2, 3) if x.ndim == 4 else (0,)
    s = (1, -1, 1, 1) if x.ndim == 4 else (1, -1)
    n = x.size // x.shape[1]
    if n == 1:
        raise ValueError("one value per channel has no unbiased variance")
    mu, var = x.mean(axis=axes), x.var(axis=axes)
    x_hat = (x - mu.reshape(s)) / np.sqrt(var.reshape(s) + eps)
    y = gamma.reshape(s) * x_hat + beta.reshape(s)
    cache = (x, x_hat, mu.reshape(s), var.reshape(s), gamma.reshape(s), eps, axes)
    running_mean = (1 - momentum) * running_mean + momentum * mu
    running_var = (1 - momentum) * running_var + momentum * var * n / (n - 1)
    return y, cache, running_mean, running_var


def batch_norm_backward(dy, cache):
    x, x_hat, mu, var, gamma, eps, axes = cache
    n = x.size // x.shape[1]
    dgamma = np.sum(dy * x_hat, axis=axes, keepdims=True)
    dbeta = np.sum(dy, axis=axes, keepdims=True)
    dx = gamma / (n * np.sqrt(var + eps)) * (n * dy - dbeta - x_hat * dgamma)
    return dx, dgamma, dbeta
