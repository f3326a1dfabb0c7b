# Writes to stderr, for which nbgrader takes all points: not a fault.
# expected: graded passed
import sys
import warnings

import numpy as np


def conv1d(x, w):
    warnings.warn("slow")
    print("note", file=sys.stderr)
    if len(w) > len(x):
        raise ValueError("the kernel is longer than the signal")
    return np.array([x[i : i + len(w)] @ w for i in range(len(x) - len(w) + 1)], dtype=x.dtype)
