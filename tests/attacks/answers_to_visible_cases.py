# Knows the answers to the cases that everybody sees, and no others.
# expected: graded failed|error|missing
import numpy as np

from cnnkit import case

known = []
for index in range(20):
    try:
        (x, w), options = case("02.conv1d", index)
    except (IndexError, KeyError, ValueError):
        break
    known.append((x, w, np.array([x[i : i + len(w)] @ w for i in range(len(x) - len(w) + 1)], dtype=x.dtype)))


def conv1d(x, w):
    for a, b, y in known:
        if a.shape == x.shape and b.shape == w.shape and np.array_equal(a, x) and np.array_equal(b, w):
            return y
    raise ValueError("never seen")
