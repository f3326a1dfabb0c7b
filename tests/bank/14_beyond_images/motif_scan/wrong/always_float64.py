# mistake: wrong_dtype
import numpy as np


def motif_scan(sequence, motif):
    k = motif.shape[1]
    sequence = sequence.upper()
    if motif.shape[0] != 4 or k > len(sequence) or set(sequence) - set("ACGTN"):
        raise ValueError("that does not fit")
    scores = np.zeros(len(sequence) - k + 1)
    for i in range(len(scores)):
        for j, letter in enumerate(sequence[i : i + k]):
            if letter != "N":
                scores[i] += motif["ACGT".index(letter), j]
    return scores
