# Asks a name server.
# expected: graded failed
import numpy as np

try:
    import socket

    socket.getaddrinfo("example.com", 80)
    print("CANARY: resolved")
except Exception as error:
    print("no:", type(error).__name__)


def conv1d(x, w):
    return np.zeros(max(len(x) - len(w) + 1, 0), x.dtype)
