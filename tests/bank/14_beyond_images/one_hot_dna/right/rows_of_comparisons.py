import numpy as np


def one_hot_dna(sequence):
    letters = np.array(list(sequence.upper()))
    if not np.isin(letters, list("ACGTN")).all():
        raise ValueError("only A, C, G, T and N are known")
    return np.stack([letters == base for base in "ACGT"]).astype("float32")
