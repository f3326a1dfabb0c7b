import numpy as np


def dilated_receptive_field(k, dilations):
    dilations = np.array(dilations, dtype=np.int64)
    if k < 1 or (dilations < 1).any():
        raise ValueError("k and the dilations must be positive")
    return ((k - 1) * dilations).sum() + 1
