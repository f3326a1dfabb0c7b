import numpy as np


def scores_of(x, motif):
    k = motif.shape[1]
    return np.array([np.vdot(x[:, i : i + k], motif) for i in range(x.shape[1] - k + 1)])


def best_site(x, motif):
    given, other = scores_of(x, motif), scores_of(np.flip(x), motif)
    if given.max() >= other.max():
        return int(given.argmax()), 1, given.max()
    # Place i of the other strand is this one's L - K - i.
    return len(other) - 1 - int(other.argmax()), -1, other.max()
