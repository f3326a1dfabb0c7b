import numpy as np


def reverse_complement(x):
    if x.shape[0] != 4:
        raise ValueError("four rows, please")
    return np.flip(x)
