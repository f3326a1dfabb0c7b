# mistake: reverse_complement_scanned
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
    windows = np.lib.stride_tricks.sliding_window_view(one_hot_dna(sequence), k, axis=1)
    return np.einsum("bik,bk->i", windows, motif[::-1, ::-1]).astype(motif.dtype)
