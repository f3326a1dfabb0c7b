import numpy as np


def motif_scan(sequence, motif):
    if len(motif) != 4:
        raise ValueError("motif must be (4, K)")
    length, k = len(sequence), motif.shape[1]
    if k > length:
        raise ValueError("motif longer than the sequence")
    if not set(sequence.upper()) <= set("ACGTN"):
        raise ValueError("not DNA")
    table = np.vstack([motif, np.zeros((1, k), dtype=motif.dtype)])
    rows = np.array(["ACGTN".index(letter) for letter in sequence.upper()])
    scores = np.zeros(length - k + 1, dtype=motif.dtype)
    for j in range(k):
        scores += table[rows[j : j + len(scores)], j]
    return scores
