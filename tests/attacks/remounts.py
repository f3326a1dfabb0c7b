# Mounts the system writable.
# expected: graded failed
import numpy as np

try:
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"none", b"/", b"", 32 | 4096, b"") == 0 or libc.umount2(b"/course", 2) == 0:
        print("CANARY: mounted")
except Exception as error:
    print("no:", type(error).__name__)


def conv1d(x, w):
    return np.zeros(max(len(x) - len(w) + 1, 0), x.dtype)
