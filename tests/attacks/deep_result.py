# Returns lists in lists without end.
# expected: graded failed|error
def conv1d(x, w):
    value = [x]
    for _ in range(100_000):
        value = [value]
    return value
