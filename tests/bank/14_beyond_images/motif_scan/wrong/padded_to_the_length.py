# mistake: same_for_valid
import numpy as np


def one_hot_dna(sequence):
    sequence = sequence.upper()
    if set(sequence) - set("ACGTN"):
        raise ValueError("not DNA")
    return np.array([[letter == base for letter in sequence] for base in "ACGT"], dtype=np.float64)


def motif_scan(sequence, motif):
    k = motif.shape[1]
    if len(motif) != 4 or k > len(sequence):
        raise ValueError("the motif does not fit")
    x = np.pad(one_hot_dna(sequence), ((0, 0), (k // 2, (k - 1) // 2)))
    scores = np.empty(len(sequence), dtype=motif.dtype)
    for i in range(len(sequence)):
        scores[i] = np.sum(x[:, i : i + k] * motif)
    return scores
