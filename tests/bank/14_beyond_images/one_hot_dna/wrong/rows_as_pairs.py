# mistake: none
import numpy as np


def one_hot_dna(sequence):
    sequence = sequence.upper()
    if set(sequence) - set("ACGTN"):
        raise ValueError("not DNA")
    return np.array([[letter == base for letter in sequence] for base in "ATCG"], dtype=np.float32)
