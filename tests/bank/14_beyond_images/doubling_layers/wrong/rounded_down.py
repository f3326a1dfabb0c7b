# mistake: one_layer_too_few
import numpy as np


def doubling_layers(k, samples):
    if k < 2 or samples < 1:
        raise ValueError("impossible")
    return int(np.log2((samples - 1) / (k - 1) + 1))
