# mistake: kernel_flipped
import numpy as np


def one_hot_dna(sequence):
    sequence = sequence.upper()
    if set(sequence) - set("ACGTN"):
        raise ValueError("not DNA")
    return np.array([[letter == base for letter in sequence] for base in "ACGT"], dtype=np.float32)


def motif_scan(sequence, motif):
    if len(motif) != 4 or motif.shape[1] > len(sequence):
        raise ValueError("the motif does not fit")
    x, k = one_hot_dna(sequence), motif.shape[1]
    flipped = motif[:, ::-1]
    return np.array([(x[:, i : i + k] * flipped).sum() for i in range(x.shape[1] - k + 1)], dtype=motif.dtype)
