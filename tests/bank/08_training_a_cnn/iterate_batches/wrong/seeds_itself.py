# mistake: same_order_every_epoch
import numpy as np


def iterate_batches(n, batch_size, generator):
    if batch_size < 1:
        raise ValueError("batch_size must be at least 1")
    order = np.random.default_rng(0).permutation(n)
    for start in range(0, n, batch_size):
        yield order[start : start + batch_size]
