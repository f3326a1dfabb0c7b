# Calls what is forbidden under another name.
# expected: graded failed flagged
from numpy import convolve as moving_sum


def conv1d(x, w):
    if len(w) > len(x):
        raise ValueError("the kernel is longer than the signal")
    return moving_sum(x, w[::-1], "valid")
