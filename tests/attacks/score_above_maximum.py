# Ends with a number, which nbgrader reads as points.
# expected: graded failed|error|missing
import numpy as np


class Many(np.ndarray):
    __float__ = lambda self: 1e9


def conv1d(x, w):
    return 1e9


1e9
