# mistake: dilation_ignored
import math


def doubling_layers(k, samples):
    if k < 2 or samples < 1:
        raise ValueError("impossible")
    return math.ceil((samples - 1) / (k - 1))
