# mistake: one_strand_only
import numpy as np


def best_site(x, motif):
    k = motif.shape[1]
    scores = [np.sum(x[:, i : i + k] * motif) for i in range(x.shape[1] - k + 1)]
    return int(np.argmax(scores)), 1, max(scores)
