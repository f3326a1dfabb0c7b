# mistake: end_for_start
import numpy as np


def best_site(x, motif):
    k = motif.shape[1]
    best = (0, 1, -np.inf)
    for end in range(k, x.shape[1] + 1):
        window = x[:, end - k : end]
        for strand, seen in ((1, window), (-1, np.flip(window))):
            score = np.sum(seen * motif)
            if score > best[2]:
                best = (end, strand, float(score))
    return best
