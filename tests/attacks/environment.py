# Reads the environment of the host.
# expected: graded failed
import numpy as np

try:
    import os

    print("CANARY:", os.environ["SECRET_OF_THE_HOST"])
except Exception as error:
    print("no:", type(error).__name__)

try:
    for pid in (1, os.getppid()):
        print("environment:", open(f"/proc/{pid}/environ").read())
except OSError as error:
    print("no:", type(error).__name__)


def conv1d(x, w):
    return np.zeros(max(len(x) - len(w) + 1, 0), x.dtype)
