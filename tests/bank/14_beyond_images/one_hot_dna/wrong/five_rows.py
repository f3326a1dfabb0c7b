# mistake: unknown_fifth_row
import numpy as np


def one_hot_dna(sequence):
    letters = "ACGTN"
    x = np.zeros((len(letters), len(sequence)), dtype=np.float32)
    for i, letter in enumerate(sequence):
        if letter.upper() not in letters:
            raise ValueError(letter)
        x[letters.index(letter.upper()), i] = 1.0
    return x
