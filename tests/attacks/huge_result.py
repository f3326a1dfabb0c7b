# Returns more than can be sent.
# expected: * *
import numpy as np


def conv1d(x, w):
    return np.ones(60_000_000)
