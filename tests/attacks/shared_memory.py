# Takes memory that is mapped shared, which limits of a process do not count.
# expected: crashed error
import mmap


def conv1d(x, w):
    maps = [mmap.mmap(-1, 100 << 20) for _ in range(9)]
    for m in maps:
        for i in range(0, len(m), 4096):
            m[i] = 1
    while True:
        pass
