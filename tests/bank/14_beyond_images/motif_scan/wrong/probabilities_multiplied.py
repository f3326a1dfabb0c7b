# mistake: product_not_sum
import numpy as np


def motif_scan(sequence, motif):
    k = motif.shape[1]
    sequence = sequence.upper()
    if motif.shape[0] != 4 or k > len(sequence) or set(sequence) - set("ACGTN"):
        raise ValueError("that does not fit")
    rows = dict(zip("ACGT", motif, strict=True)) | {"N": np.zeros(k, dtype=motif.dtype)}
    scores = np.ones(len(sequence) - k + 1, dtype=motif.dtype)
    for i in range(len(scores)):
        for j, letter in enumerate(sequence[i : i + k]):
            scores[i] *= rows[letter][j]
    return scores
