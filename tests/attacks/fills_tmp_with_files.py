# Makes files without end.
# expected: graded failed
import numpy as np

try:
    for i in range(10**6):
        open(f"/tmp/{i}", "w").close()
except OSError as error:
    print(error)


def conv1d(x, w):
    return np.zeros(max(len(x) - len(w) + 1, 0), x.dtype)
