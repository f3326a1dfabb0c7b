# mistake: forbidden_call
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
    rows = zip(one_hot_dna(sequence), motif, strict=True)
    return sum(np.correlate(letters, weights, mode="valid") for letters, weights in rows).astype(motif.dtype)
