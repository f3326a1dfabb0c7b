# mistake: array_made_in_loop
import numpy as np


def one_hot_dna(sequence):
    for i, letter in enumerate(sequence.upper()):
        x = np.zeros((4, len(sequence)), dtype=np.float32)
        if letter not in "ACGTN":
            raise ValueError(letter)
        if letter != "N":
            x["ACGT".index(letter), i] = 1
    return x
