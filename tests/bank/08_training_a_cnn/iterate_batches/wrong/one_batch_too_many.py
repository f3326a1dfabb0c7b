# mistake: empty_batch
import numpy as np


def iterate_batches(n, batch_size, generator):
    if batch_size < 1:
        raise ValueError("batch_size must be at least 1")
    order = generator.permutation(n)
    for k in range(n // batch_size + 1):
        yield order[k * batch_size : (k + 1) * batch_size]
