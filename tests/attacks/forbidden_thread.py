# Calls what is forbidden in another thread, by a name made up at run time.
# expected: graded failed flagged
import threading

import numpy as np


def conv1d(x, w):
    if len(w) > len(x):
        raise ValueError("the kernel is longer than the signal")
    found = []
    work = threading.Thread(target=lambda: found.append(getattr(np, "corr" + "elate")(x, w, "valid")))
    work.start()
    work.join()
    return found[0]
