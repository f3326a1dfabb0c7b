# Ends the process when it is called.
# expected: crashed error
import os


def conv1d(x, w):
    os._exit(0)
