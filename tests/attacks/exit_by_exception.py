# Leaves by SystemExit.
# expected: graded error
def conv1d(x, w):
    raise SystemExit(0)
