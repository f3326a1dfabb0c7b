# Fills every folder that can be written.
# expected: graded failed
import os

import numpy as np

for folder in ("/tmp", "/dev/shm", os.path.expanduser("~"), os.getcwd()):
    try:
        for i in range(100):
            with open(f"{folder}/{i}", "wb") as file:
                file.write(bytes(20 << 20))
    except OSError as error:
        print(error)


def conv1d(x, w):
    return np.zeros(max(len(x) - len(w) + 1, 0), x.dtype)
