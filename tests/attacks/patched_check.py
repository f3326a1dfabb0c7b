# Puts another check in the place of the right one.
# expected: graded|crashed failed|error|missing
import numpy as np

import cnnkit
import cnnkit.checking
import cnnkit.checking.calling


def check(*args, **options):
    print("Passed")


cnnkit.check = cnnkit.checking.check = check
cnnkit.checking.verdict_on = cnnkit.checking.calling.observe = check


def conv1d(x, w):
    return np.zeros(max(len(x) - len(w) + 1, 0), x.dtype)
