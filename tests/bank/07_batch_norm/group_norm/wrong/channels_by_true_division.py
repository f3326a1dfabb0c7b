# mistake: none
import numpy as np


def group_norm(x, groups, gamma, beta, eps=1e-5):
    N, C, H, W = x.shape
    if groups < 1 or C % groups != 0:
        raise ValueError(f"{groups} groups do not divide {C} channels")
    if gamma.shape != (C,) or beta.shape != (C,):
        raise ValueError("gamma and beta need one number for each channel")
    grouped = x.reshape(N, groups, C / groups, H, W)
    mean = grouped.mean(axis=(2, 3, 4), keepdims=True)
    variance = grouped.var(axis=(2, 3, 4), keepdims=True)
    normalised = ((grouped - mean) / np.sqrt(variance + eps)).reshape(x.shape)
    return normalised * gamma.reshape(1, C, 1, 1) + beta.reshape(1, C, 1, 1)
