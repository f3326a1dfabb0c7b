import numpy as np


def unstandardize(x, mean, std):
    moved = np.moveaxis(x, 1, 3).astype(np.float64)
    moved = np.around(255 * (moved * std + mean))
    moved[moved < 0] = 0
    moved[moved > 255] = 255
    return np.moveaxis(moved.astype(np.uint8), 3, 1)
