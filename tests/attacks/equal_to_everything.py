# Returns what equals everything.
# expected: graded failed|error|missing
import numpy as np


class Equal:
    shape, dtype, ndim, size = (3,), np.dtype(float), 1, 3

    def __eq__(self, other):
        return True

    __array__ = __len__ = __eq__


def conv1d(x, w):
    return Equal()
