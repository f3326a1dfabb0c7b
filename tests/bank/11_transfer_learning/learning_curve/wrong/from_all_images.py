# mistake: not_stratified
import numpy as np


def learning_curve(sizes, labels, run, seeds):
    if max(sizes) > np.bincount(labels).min():
        raise ValueError("a class has too few images")
    accuracies = np.zeros((len(sizes), len(seeds)))
    for i, size in enumerate(sizes):
        for j, seed in enumerate(seeds):
            rng = np.random.default_rng(seed)
            indices = rng.choice(len(labels), size * len(np.unique(labels)), replace=False)
            accuracies[i, j] = run(indices, seed)
    return accuracies.mean(axis=1), accuracies.std(axis=1, ddof=1)
