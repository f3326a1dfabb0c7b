import numpy as np


def standardize(images, mean, std):
    if not (len(mean) == len(std) == images.shape[1]):
        raise ValueError("mean and std need one value for each channel")
    if min(std) <= 0:
        raise ValueError("std must be > 0")
    scale = 1 / (255 * np.asarray(std))
    shift = np.asarray(mean) / np.asarray(std)
    return np.float32(images * scale[:, None, None] - shift[:, None, None])
