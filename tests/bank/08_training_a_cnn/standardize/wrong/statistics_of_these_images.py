# mistake: own_statistics
import numpy as np


def standardize(images, mean, std):
    if len(mean) != images.shape[1] or len(std) != images.shape[1] or min(std) <= 0:
        raise ValueError("impossible statistics")
    x = images / 255
    m, s = x.mean(axis=(0, 2, 3), keepdims=True), x.std(axis=(0, 2, 3), keepdims=True)
    return ((x - m) / s).astype("float32")
