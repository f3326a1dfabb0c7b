# mistake: none
import math


def doubling_layers(k, samples):
    if k < 2 or samples < 1:
        raise ValueError("impossible")
    return float(math.ceil(math.log2((samples - 1) / (k - 1) + 1)))
