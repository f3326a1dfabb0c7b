# Loops in C, where no signal is handled.
# expected: timeout timeout
def conv1d(x, w):
    return sum(range(10**12))
