# Reads the environment of the host.
# expected: graded failed
import numpy as np

try:
    import os

    print(os.environ["SECRET_OF_THE_HOST"], open("/proc/1/environ").read())
except Exception as error:
    print("no:", type(error).__name__)


def conv1d(x, w):
    return np.zeros(max(len(x) - len(w) + 1, 0), x.dtype)
