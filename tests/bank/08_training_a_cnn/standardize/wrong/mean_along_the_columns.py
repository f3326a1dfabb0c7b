# mistake: wrong_axis
import numpy as np


def standardize(images, mean, std):
    return ((images / 255 - mean) / std).astype(np.float32)
