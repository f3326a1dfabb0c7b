# What is displayed as a result while the test runs is a number: nbgrader takes that for points.
# expected: graded failed
import numpy as np
from IPython import get_ipython


def conv1d(x, w):
    get_ipython().displayhook(3.0)
    return np.zeros(max(len(x) - len(w) + 1, 0), x.dtype)
