import numpy as np


def one_hot_dna(sequence):
    x = np.zeros((4, len(sequence)), dtype=np.float32)
    for i, letter in enumerate(sequence.upper()):
        if letter == "N":
            continue
        row = "ACGT".find(letter)
        if row < 0:
            raise ValueError(f"{letter!r} at place {i} is no base")
        x[row, i] = 1
    return x
