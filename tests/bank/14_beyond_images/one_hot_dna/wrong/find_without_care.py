# mistake: unknown_as_base
import numpy as np


def one_hot_dna(sequence):
    sequence = sequence.upper()
    for letter in sequence:
        if letter not in "ACGTN":
            raise ValueError(letter)
    x = np.zeros((4, len(sequence)), dtype=np.float32)
    x[["ACGT".find(letter) for letter in sequence], np.arange(len(sequence))] = 1
    return x
