# mistake: scale_missing
import numpy as np


def unstandardize(x, mean, std):
    mean, std = np.reshape(mean, (1, -1, 1, 1)), np.reshape(std, (1, -1, 1, 1))
    return np.clip(np.round(x * std + mean), 0, 255).astype(np.uint8)
