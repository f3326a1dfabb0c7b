import numpy as np


def standardize(images, mean, std):
    c = images.shape[1]
    mean, std = np.asarray(mean, dtype=np.float32), np.asarray(std, dtype=np.float32)
    if len(mean) != c or len(std) != c:
        raise ValueError("one mean and one std per channel")
    if np.any(std <= 0):
        raise ValueError("std must be positive")
    x = images.astype(np.float32) / np.float32(255)
    return (x - mean.reshape(1, c, 1, 1)) / std.reshape(1, c, 1, 1)
