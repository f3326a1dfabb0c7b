# mistake: batches_shuffled_only
import numpy as np


def iterate_batches(n, batch_size, generator):
    if batch_size < 1:
        raise ValueError("batch_size must be at least 1")
    starts = np.arange(0, n, batch_size)
    generator.shuffle(starts)
    for start in starts:
        yield np.arange(start, min(start + batch_size, n))
