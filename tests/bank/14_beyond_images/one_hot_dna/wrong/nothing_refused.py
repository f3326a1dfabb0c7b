# mistake: none
import numpy as np


def one_hot_dna(sequence):
    letters = np.array(list(sequence.upper()))
    return (letters == np.array(list("ACGT"))[:, None]).astype(np.float32)
