# mistake: unknown_refused
import numpy as np


def one_hot_dna(sequence):
    x = np.zeros((4, len(sequence)), dtype=np.float32)
    for i, letter in enumerate(sequence.upper()):
        x["ACGT".index(letter), i] = 1  # index raises ValueError by itself
    return x
