# mistake: generator_ignored
import numpy as np


def iterate_batches(n, batch_size, generator):
    if batch_size < 1:
        raise ValueError("batch_size must be at least 1")
    order = np.random.permutation(n)
    return [order[start : start + batch_size] for start in range(0, n, batch_size)]
