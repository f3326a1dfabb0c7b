# Ignores every signal that can be ignored.
# expected: timeout timeout
import signal

for number in range(1, 32):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass


def conv1d(x, w):
    while True:
        pass
