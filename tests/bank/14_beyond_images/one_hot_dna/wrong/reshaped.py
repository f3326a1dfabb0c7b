# mistake: transposed
import numpy as np


def one_hot_dna(sequence):
    rows = []
    for letter in sequence.upper():
        if letter not in "ACGTN":
            raise ValueError(f"{letter} is not a base")
        rows.append([letter == "A", letter == "C", letter == "G", letter == "T"])
    return np.array(rows, dtype=np.float32).reshape(4, len(sequence))
