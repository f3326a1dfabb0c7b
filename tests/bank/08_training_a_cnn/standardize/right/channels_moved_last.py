import numpy as np


def standardize(images, mean, std):
    if np.size(mean) != images.shape[1] or np.size(std) != images.shape[1]:
        raise ValueError("wrong number of channels")
    if (np.asarray(std) <= 0).any():
        raise ValueError("standard deviations are positive")
    last = np.moveaxis(images, 1, -1) / 255
    last = (last - np.asarray(mean)) / np.asarray(std)
    return np.moveaxis(last, -1, 1).astype(np.float32)
