# mistake: reversal_forgotten
import numpy as np


def reverse_complement(x):
    if len(x) != 4:
        raise ValueError("four rows")
    return np.flipud(x)
