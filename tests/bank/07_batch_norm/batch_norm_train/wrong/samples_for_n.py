# mistake: batch_size_for_count
import numpy as np


def batch_norm_train(x, gamma, beta, running_mean, running_var, momentum=0.1, eps=1e-5):
    C = x.shape[1]
    n = x.size // C
    if n < 2 or any(np.shape(v) != (C,) for v in (gamma, beta, running_mean, running_var)):
        raise ValueError("one value per channel, or not one parameter per channel")
    axes, shape = ((0, 2, 3), (1, C, 1, 1)) if x.ndim == 4 else ((0,), (1, C))
    mean, var = x.mean(axes), x.var(axes)
    x_hat = (x - mean.reshape(shape)) / np.sqrt(var.reshape(shape) + eps)
    y = gamma.reshape(shape) * x_hat + beta.reshape(shape)
    running_mean = (1 - momentum) * running_mean + momentum * mean
    running_var = (1 - momentum) * running_var + momentum * var * len(x) / (len(x) - 1)
    return y, None, running_mean, running_var
