# mistake: strand_forgotten
import numpy as np


def best_site(x, motif):
    k = motif.shape[1]
    windows = [x[:, i : i + k] for i in range(x.shape[1] - k + 1)]
    scores = [max(np.sum(window * motif), np.sum(np.flip(window) * motif)) for window in windows]
    return int(np.argmax(scores)), 1, max(scores)
