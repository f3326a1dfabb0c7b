# mistake: none
import numpy as np


def motif_scan(sequence, motif):
    k = motif.shape[1]
    letters = np.array(list(sequence.upper()))
    x = (letters == np.array(list("ACGT"))[:, None]).astype(motif.dtype)
    return np.array([(x[:, i : i + k] * motif[:4]).sum() for i in range(len(sequence) - k + 1)])
