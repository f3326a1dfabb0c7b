# Takes memory without end.
# expected: crashed error
def conv1d(x, w):
    kept = []
    while True:
        kept.append(b"1" * (20 << 20))
