# Looks for the notebooks of others in their processes.
# expected: graded failed
import numpy as np

try:
    import glob

    for path in glob.glob("/proc/[0-9]*/cmdline"):
        if path != "/proc/1/cmdline":
            print("CANARY:", open(path).read())
except Exception as error:
    print("no:", type(error).__name__)


def conv1d(x, w):
    return np.zeros(max(len(x) - len(w) + 1, 0), x.dtype)
