# mistake: wrong_dtype
import numpy as np


def one_hot_dna(sequence):
    x = np.zeros((4, len(sequence)))
    for i, letter in enumerate(sequence.upper()):
        if letter not in "ACGTN":
            raise ValueError(letter)
        if letter != "N":
            x["ACGT".index(letter), i] = 1
    return x
