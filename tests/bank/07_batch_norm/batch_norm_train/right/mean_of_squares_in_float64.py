import numpy as np


def batch_norm_train(x, gamma, beta, running_mean, running_var, momentum=0.1, eps=1e-5):
    C = x.shape[1]
    if {v.shape for v in (gamma, beta, running_mean, running_var)} != {(C,)}:
        raise ValueError(f"gamma, beta and the running statistics need {C} entries")
    per_channel = x.swapaxes(0, 1).reshape(C, -1).astype(np.float64)
    n = per_channel.shape[1]
    if n == 1:
        raise ValueError("cannot normalise a single value")
    mean = per_channel.mean(1)
    var = (per_channel**2).mean(1) - mean**2
    scale = gamma * (var + eps) ** -0.5
    shift = beta - scale * mean
    y = np.stack([x[:, c] * scale[c] + shift[c] for c in range(C)], axis=1)
    return (
        y.astype(x.dtype),
        None,
        ((1 - momentum) * running_mean + momentum * mean).astype(x.dtype),
        ((1 - momentum) * running_var + momentum * var * (n / (n - 1))).astype(x.dtype),
    )
