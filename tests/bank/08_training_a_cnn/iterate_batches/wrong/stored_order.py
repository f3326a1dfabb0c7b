# mistake: not_shuffled
import numpy as np


def iterate_batches(n, batch_size, generator):
    if batch_size < 1:
        raise ValueError("batch_size must be at least 1")
    for start in range(0, n, batch_size):
        yield np.arange(start, min(start + batch_size, n))
