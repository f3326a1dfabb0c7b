# Makes links to what it may not read, for somebody else to follow.
# expected: graded failed
import numpy as np

try:
    import os

    os.symlink("{GRADEBOOK}", "gradebook.db")
    os.symlink("{SOLUTION}", "/tmp/solution")
    print("CANARY:", open("gradebook.db", "rb").read(100), open("/tmp/solution").read(100))
except Exception as error:
    print("no:", type(error).__name__)


def conv1d(x, w):
    return np.zeros(max(len(x) - len(w) + 1, 0), x.dtype)
