# mistake: only_four_letters
import numpy as np


def one_hot_dna(sequence):
    table = {"A": 0, "C": 1, "G": 2, "T": 3}
    x = np.zeros((4, len(sequence)), dtype=np.float32)
    for i, letter in enumerate(sequence):
        if letter not in table:
            raise ValueError(f"{letter} is not a base")
        x[table[letter], i] = 1
    return x
