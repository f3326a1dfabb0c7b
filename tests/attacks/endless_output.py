# Writes for ever while it is called.
# expected: * *
def conv1d(x, w):
    while True:
        print("x" * 100_000)
