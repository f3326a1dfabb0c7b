import numpy as np


def unstandardize(x, mean, std):
    out = np.zeros(x.shape, dtype=np.uint8)
    for c in range(x.shape[1]):
        p = (x[:, c] * std[c] + mean[c]) * 255 + 0.5
        out[:, c] = np.minimum(np.maximum(p, 0), 255)
    return out
