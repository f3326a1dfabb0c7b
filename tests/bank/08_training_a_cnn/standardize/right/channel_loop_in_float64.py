import numpy as np


def standardize(images, mean, std):
    N, C, H, W = images.shape
    if np.shape(mean) != (C,) or np.shape(std) != (C,):
        raise ValueError(f"expected {C} means and stds")
    out = np.zeros((N, C, H, W))
    for c in range(C):
        if not std[c] > 0:
            raise ValueError("a std is not positive")
        out[:, c] = (images[:, c] / 255.0 - mean[c]) / std[c]
    return out.astype("float32")
