# mistake: consensus_for_weights
import numpy as np


def motif_scan(sequence, motif):
    k = motif.shape[1]
    sequence = sequence.upper()
    if len(motif) != 4 or k > len(sequence) or set(sequence) - set("ACGTN"):
        raise ValueError("that does not fit")
    best = ["ACGT"[row] for row in motif.argmax(axis=0)]
    count = [sum(a == b for a, b in zip(best, sequence[i:], strict=False)) for i in range(len(sequence) - k + 1)]
    return np.array(count, dtype=motif.dtype)
