import numpy as np


def doubling_layers(k, samples):
    if k < 1 or samples < 1 or (k == 1 and samples > 1):
        raise ValueError("impossible")
    if samples == 1:
        return 0
    return int(np.ceil(np.log2((samples - 1) / (k - 1) + 1)))
