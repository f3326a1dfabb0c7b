# mistake: bases_paired_wrongly
import numpy as np


def reverse_complement(x):
    if x.shape[0] != 4:
        raise ValueError("four rows")
    return np.roll(x, 2, axis=0)[:, ::-1]
