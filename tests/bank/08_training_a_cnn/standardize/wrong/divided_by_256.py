# mistake: wrong_scale
import numpy as np


def standardize(images, mean, std):
    if len(mean) != images.shape[1] or len(std) != images.shape[1] or min(std) <= 0:
        raise ValueError("impossible statistics")
    x = images.astype(np.float32) / 256
    return ((x - mean.reshape(1, -1, 1, 1)) / std.reshape(1, -1, 1, 1)).astype(np.float32)
