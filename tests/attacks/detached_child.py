# Leaves a process of its own behind.
# expected: graded failed
import os

import numpy as np

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True:
            pass
    os._exit(0)


def conv1d(x, w):
    return np.zeros(max(len(x) - len(w) + 1, 0), x.dtype)
