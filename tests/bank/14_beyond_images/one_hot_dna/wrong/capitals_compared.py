# mistake: case_sensitive
import numpy as np


def one_hot_dna(sequence):
    for letter in sequence:
        if letter.upper() not in "ACGTN":
            raise ValueError("unknown letter " + letter)
    letters = np.array(list(sequence))
    return (letters == np.array(list("ACGT"))[:, np.newaxis]).astype(np.float32)
