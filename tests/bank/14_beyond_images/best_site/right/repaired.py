import numpy as np


def best_site(x, motif):
    k = motif.shape[1]
    best = (0, 1, -np.inf)
    for start in range(x.shape[1] - k + 1):
        window = x[:, start : start + k]
        for strand, seen in ((1, window), (-1, window[::-1, ::-1])):
            score = np.sum(seen * motif)
            if score > best[2]:
                best = (start, strand, float(score))
    return best
