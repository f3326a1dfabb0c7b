# mistake: one_output_too_few
import numpy as np


def motif_scan(sequence, motif):
    k = motif.shape[1]
    sequence = sequence.upper()
    if len(motif) != 4 or k > len(sequence) or set(sequence) - set("ACGTN"):
        raise ValueError("that does not fit")
    scores = []
    for i in range(len(sequence) - k):
        scores.append(sum(motif["ACGT".index(s), j] for j, s in enumerate(sequence[i : i + k]) if s != "N"))
    return np.array(scores, dtype=motif.dtype)
