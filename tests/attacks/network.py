# Connects to the world and to the host.
# expected: graded failed
import numpy as np

try:
    import socket

    for address in (("192.0.2.1", 80), ("127.0.0.1", 22), ("10.0.0.1", 443)):
        socket.create_connection(address, 2)
        print("CANARY: connected")
except Exception as error:
    print("no:", type(error).__name__)


def conv1d(x, w):
    return np.zeros(max(len(x) - len(w) + 1, 0), x.dtype)
