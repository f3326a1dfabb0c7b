# Asks for the rights of root.
# expected: graded failed
import numpy as np

try:
    import ctypes
    import os

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x10000000) == 0:
        print("CANARY: a namespace")
    os.setresuid(0, 0, 0)
    print("CANARY: root")
except Exception as error:
    print("no:", type(error).__name__)


def conv1d(x, w):
    return np.zeros(max(len(x) - len(w) + 1, 0), x.dtype)
