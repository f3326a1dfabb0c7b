# Returns what is neither right nor wrong.
# expected: graded failed|error|missing
import numpy as np


def conv1d(x, w):
    return np.full(max(len(x) - len(w) + 1, 0), np.nan)
