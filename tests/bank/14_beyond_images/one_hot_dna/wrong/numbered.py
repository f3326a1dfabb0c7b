# mistake: labels_not_one_hot
import numpy as np


def one_hot_dna(sequence):
    table = {"A": 0, "C": 1, "G": 2, "T": 3, "N": -1}
    sequence = sequence.upper()
    if set(sequence) - set(table):
        raise ValueError("unknown letter")
    return np.array([table[letter] for letter in sequence])
