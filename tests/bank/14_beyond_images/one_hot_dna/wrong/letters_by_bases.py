# mistake: channels_last
import numpy as np


def one_hot_dna(sequence):
    x = np.zeros((len(sequence), 4), dtype=np.float32)
    for i, letter in enumerate(sequence.upper()):
        if letter not in "ACGTN":
            raise ValueError(letter)
        if letter != "N":
            x[i, "ACGT".index(letter)] = 1
    return x
