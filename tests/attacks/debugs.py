# Attaches to other processes.
# expected: graded failed
import numpy as np

try:
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    if any(libc.ptrace(16, pid, 0, 0) == 0 for pid in range(2, 5000)):
        print("CANARY: attached")
except Exception as error:
    print("no:", type(error).__name__)


def conv1d(x, w):
    return np.zeros(max(len(x) - len(w) + 1, 0), x.dtype)
