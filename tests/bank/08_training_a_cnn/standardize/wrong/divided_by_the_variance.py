# mistake: std_var_confused
import numpy as np


def standardize(images, mean, std):
    if len(mean) != images.shape[1] or len(std) != images.shape[1] or min(std) <= 0:
        raise ValueError("impossible statistics")
    x = images / 255 - mean[:, None, None]
    return (x / std[:, None, None] ** 2).astype("float32")
