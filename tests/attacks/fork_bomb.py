# Forks without end.
# expected: crashed error
import os


def conv1d(x, w):
    while True:
        try:
            os.fork()
        except OSError:
            pass
