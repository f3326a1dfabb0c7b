import numpy as np


def motif_scan(sequence, motif):
    length, k = len(sequence), motif.shape[1]
    letters = np.array(list(sequence.upper()))
    if motif.shape[0] != 4 or k > length or np.setdiff1d(letters, list("ACGTN")).size:
        raise ValueError("the motif must be (4, K), K at most the length of the sequence, and the sequence DNA")
    x = np.stack([letters == base for base in "ACGT"]).astype(np.float64)
    matrix = np.zeros((length - k + 1, 4, length))
    for i in range(length - k + 1):
        matrix[i, :, i : i + k] = motif
    return np.einsum("ibl,bl->i", matrix, x).astype(motif.dtype)
