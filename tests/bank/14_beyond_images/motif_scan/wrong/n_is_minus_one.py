# mistake: unknown_as_base
import numpy as np


def motif_scan(sequence, motif):
    k = motif.shape[1]
    sequence = sequence.upper()
    if motif.shape[0] != 4 or k > len(sequence) or set(sequence) - set("ACGTN"):
        raise ValueError("that does not fit")
    rows = ["ACGT".find(letter) for letter in sequence]
    scores = np.zeros(len(sequence) - k + 1, dtype=motif.dtype)
    for i in range(len(scores)):
        for j in range(k):
            scores[i] += motif[rows[i + j], j]
    return scores
