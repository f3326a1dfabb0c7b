# Returns what runs code when it is read.
# expected: graded failed|error|missing
import os


class Loaded:
    def __reduce__(self):
        return os.system, ("echo CANARY > {OTHER}.pwned",)


def conv1d(x, w):
    return Loaded()
