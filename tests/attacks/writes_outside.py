# Writes where others read.
# expected: graded failed
import numpy as np

try:
    for path in ("/usr/lib/python3/x.py", "/course/cnnkit/data.py", "/packages/numpy/x.py", "{GRADEBOOK}.new", "/etc/passwd"):
        open(path, "a").write("CANARY")
        print("CANARY: written", path)
except Exception as error:
    print("no:", type(error).__name__)


def conv1d(x, w):
    return np.zeros(max(len(x) - len(w) + 1, 0), x.dtype)
