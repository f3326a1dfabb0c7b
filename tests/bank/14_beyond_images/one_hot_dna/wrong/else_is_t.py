# mistake: unknown_as_base
import numpy as np


def one_hot_dna(sequence):
    if not set(sequence.upper()) <= set("ACGTN"):
        raise ValueError("strange letters")
    x = np.zeros((4, len(sequence)), dtype=np.float32)
    for i, letter in enumerate(sequence.upper()):
        if letter == "A":
            x[0, i] = 1
        elif letter == "C":
            x[1, i] = 1
        elif letter == "G":
            x[2, i] = 1
        else:
            x[3, i] = 1
    return x
