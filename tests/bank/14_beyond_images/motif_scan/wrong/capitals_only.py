# mistake: case_sensitive
import numpy as np


def motif_scan(sequence, motif):
    k = motif.shape[1]
    if motif.shape[0] != 4 or k > len(sequence) or set(sequence.upper()) - set("ACGTN"):
        raise ValueError("that does not fit")
    x = np.array([[letter == base for letter in sequence] for base in "ACGT"], dtype=motif.dtype)
    return np.array([np.vdot(x[:, i : i + k], motif) for i in range(len(sequence) - k + 1)])
