import numpy as np


def unstandardize(x, mean, std):
    shape = (1, -1, 1, 1)
    pixels = (x * np.asarray(std).reshape(shape) + np.asarray(mean).reshape(shape)) * 255
    return np.rint(pixels.clip(0, 255)).astype("uint8")
