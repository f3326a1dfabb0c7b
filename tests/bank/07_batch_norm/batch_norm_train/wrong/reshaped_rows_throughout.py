# mistake: reshape_for_transpose
import numpy as np


def batch_norm_train(x, gamma, beta, running_mean, running_var, momentum=0.1, eps=1e-5):
    C = x.shape[1]
    n = x.size // C
    if n < 2 or any(np.shape(v) != (C,) for v in (gamma, beta, running_mean, running_var)):
        raise ValueError("one value per channel, or not one parameter per channel")
    rows = x.reshape(C, -1)
    mean, var = rows.mean(1), rows.var(1)
    y = (rows - mean[:, None]) / np.sqrt(var[:, None] + eps) * gamma[:, None] + beta[:, None]
    y = y.reshape(x.shape)
    running_mean = (1 - momentum) * running_mean + momentum * mean
    running_var = (1 - momentum) * running_var + momentum * var * n / (n - 1)
    return y, None, running_mean, running_var
