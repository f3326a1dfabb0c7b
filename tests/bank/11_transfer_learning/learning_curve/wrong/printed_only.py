# mistake: returns_nothing
import numpy as np


def learning_curve(sizes, labels, run, seeds):
    if max(sizes) > np.bincount(labels).min():
        raise ValueError("a class has too few images")
    accuracies = np.zeros((len(sizes), len(seeds)))
    for i, size in enumerate(sizes):
        for j, seed in enumerate(seeds):
            rng = np.random.default_rng(seed)
            indices = np.concatenate([rng.choice(np.flatnonzero(labels == c), size, replace=False) for c in range(labels.max() + 1)])
            accuracies[i, j] = run(indices, seed)
    print(accuracies.mean(axis=1), accuracies.std(axis=1, ddof=1))
