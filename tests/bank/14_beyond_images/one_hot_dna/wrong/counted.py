# mistake: positions_forgotten
import numpy as np


def one_hot_dna(sequence):
    sequence = sequence.upper()
    if set(sequence) - set("ACGTN"):
        raise ValueError("not DNA")
    return np.array([sequence.count(base) for base in "ACGT"], dtype=np.float32)
