# mistake: gamma_per_group
import numpy as np


def group_norm(x, groups, gamma, beta, eps=1e-5):
    C = x.shape[1]
    if groups < 1 or C % groups:
        raise ValueError(f"{groups} groups do not divide {C} channels")
    size = C // groups
    y = np.zeros_like(x)
    for n in range(len(x)):
        for g in range(groups):
            part = x[n, g * size : (g + 1) * size]
            y[n, g * size : (g + 1) * size] = gamma[g] * (part - part.mean()) / np.sqrt(part.var() + eps) + beta[g]
    return y
