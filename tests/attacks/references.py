# Looks for the references and the cases.
# expected: graded failed
import numpy as np

try:
    from cnnkit.exercises import find_part

    _, exercise, part = find_part("02.conv1d")
    conv1d_reference = exercise.reference
    print("CANARY: found", exercise)
except Exception as error:
    print("no:", type(error).__name__)


def conv1d(x, w):
    return np.zeros(max(len(x) - len(w) + 1, 0), x.dtype)
