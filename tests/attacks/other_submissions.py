# Reads what others have submitted.
# expected: graded failed
import numpy as np

try:
    print("CANARY:", open("{OTHER}").read()[:200])
except Exception as error:
    print("no:", type(error).__name__)


def conv1d(x, w):
    return np.zeros(max(len(x) - len(w) + 1, 0), x.dtype)
