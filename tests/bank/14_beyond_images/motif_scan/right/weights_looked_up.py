import numpy as np


def motif_scan(sequence, motif):
    k = motif.shape[1]
    if motif.shape[0] != 4:
        raise ValueError("the motif has the rows A, C, G and T")
    if k > len(sequence):
        raise ValueError("the motif is longer than the sequence")
    weights = dict(zip("ACGT", motif, strict=True)) | {"N": np.zeros(k, dtype=motif.dtype)}
    scores = []
    for i in range(len(sequence) - k + 1):
        score = motif.dtype.type(0)
        for j in range(k):
            letter = sequence[i + j].upper()
            if letter not in weights:
                raise ValueError(f"{letter} is not a base")
            score += weights[letter][j]
        scores.append(score)
    return np.array(scores, dtype=motif.dtype)
