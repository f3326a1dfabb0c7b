import numpy as np


def iterate_batches(n, batch_size, generator):
    if batch_size < 1:
        raise ValueError("a batch holds at least one image")
    order = np.argsort(generator.random(n))
    return np.split(order, np.arange(batch_size, n, batch_size))
