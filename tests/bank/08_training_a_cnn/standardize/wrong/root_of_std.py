# mistake: std_var_confused
import numpy as np


def standardize(images, mean, std):
    if len(mean) != images.shape[1] or len(std) != images.shape[1] or min(std) <= 0:
        raise ValueError("impossible statistics")
    x = images / 255 - mean.reshape(-1, 1, 1)
    return (x / np.sqrt(std).reshape(-1, 1, 1)).astype("float32")
