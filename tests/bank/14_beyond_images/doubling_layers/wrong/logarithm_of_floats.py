# mistake: rounding_in_logarithm
import math


def doubling_layers(k, samples):
    if k < 2 or samples < 1:
        raise ValueError("impossible")
    return math.ceil(math.log((samples - 1) / (k - 1) + 1, 2))
