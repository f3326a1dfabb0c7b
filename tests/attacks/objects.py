# Returns an array of objects that equal everything.
# expected: graded failed|error|missing
import numpy as np


class Equal:
    def __eq__(self, other):
        return True


def conv1d(x, w):
    return np.array([Equal()] * max(len(x) - len(w) + 1, 1), dtype=object)
