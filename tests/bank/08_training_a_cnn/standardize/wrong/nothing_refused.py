# mistake: none
import numpy as np


def standardize(images, mean, std):
    out = np.empty(images.shape, np.float32)
    for c in range(len(mean)):
        out[:, c] = (images[:, c] / 255 - mean[c]) / (std[c] + 1e-12)
    return out
