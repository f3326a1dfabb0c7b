# mistake: order_wrong
import numpy as np


def standardize(images, mean, std):
    if len(mean) != images.shape[1] or len(std) != images.shape[1] or min(std) <= 0:
        raise ValueError("impossible statistics")
    return (images / 255 / std[:, None, None] - mean[:, None, None]).astype("float32")
