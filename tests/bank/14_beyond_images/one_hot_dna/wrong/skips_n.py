# mistake: unknown_dropped
import numpy as np


def one_hot_dna(sequence):
    columns = []
    for letter in sequence.upper():
        if letter == "N":
            continue
        if letter not in "ACGT":
            raise ValueError(letter)
        column = np.zeros(4, dtype=np.float32)
        column["ACGT".index(letter)] = 1
        columns.append(column)
    return np.array(columns, dtype=np.float32).reshape(-1, 4).T
