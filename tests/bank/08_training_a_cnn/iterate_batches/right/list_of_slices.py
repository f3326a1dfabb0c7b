import numpy as np


def iterate_batches(n, batch_size, generator):
    if batch_size <= 0:
        raise ValueError("batch_size must be positive")
    order = np.arange(n)
    generator.shuffle(order)
    return [order[i : i + batch_size] for i in range(0, n, batch_size)]
