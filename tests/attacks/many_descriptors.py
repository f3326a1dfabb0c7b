# Opens files without end.
# expected: graded failed
import numpy as np

kept = []
try:
    while True:
        kept.append(open("/dev/null"))
except OSError as error:
    print(error)


def conv1d(x, w):
    return np.zeros(max(len(x) - len(w) + 1, 0), x.dtype)
