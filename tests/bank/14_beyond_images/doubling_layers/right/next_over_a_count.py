import itertools


def doubling_layers(k, samples):
    if samples < 1 or k < 1 or (k < 2 <= samples):
        raise ValueError("no stack sees so many values")
    return next(n for n in itertools.count() if 1 + (k - 1) * (2**n - 1) >= samples)
