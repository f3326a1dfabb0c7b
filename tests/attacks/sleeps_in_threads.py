# Leaves threads behind that never end.
# expected: timeout timeout
import threading


def conv1d(x, w):
    waits = threading.Event()
    for _ in range(10):
        threading.Thread(target=waits.wait).start()
    waits.wait()
