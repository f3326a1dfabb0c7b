# Returns an array that lies about itself.
# expected: graded failed|error|missing
import numpy as np


class Lies(np.ndarray):
    shape = property(lambda self: (3,))
    dtype = property(lambda self: np.dtype(float))

    def __sub__(self, other):
        return np.zeros(3)

    __rsub__ = __sub__

    def __array_ufunc__(self, *args, **options):
        return np.zeros(3)


def conv1d(x, w):
    return np.zeros(9).view(Lies)
