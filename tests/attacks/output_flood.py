# Writes without end.
# expected: graded failed
import numpy as np

print("x" * (30 << 20))
for i in range(2000):
    display("y" * 10_000)


def conv1d(x, w):
    return np.zeros(max(len(x) - len(w) + 1, 0), x.dtype)
