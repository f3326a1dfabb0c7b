import numpy as np


def iterate_batches(n, batch_size, generator):
    if batch_size < 1:
        raise ValueError("batch_size < 1")

    def batches():
        order = generator.choice(n, size=n, replace=False)
        for k in range(-(-n // batch_size)):
            yield order[k * batch_size : min(n, (k + 1) * batch_size)]

    return batches()
