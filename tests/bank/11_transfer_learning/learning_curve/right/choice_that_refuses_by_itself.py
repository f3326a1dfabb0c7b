import numpy as np


def learning_curve(sizes, labels, run, seeds):
    accuracies = np.zeros((len(sizes), len(seeds)))
    for i, size in enumerate(sizes):
        for j, seed in enumerate(seeds):
            rng = np.random.default_rng(seed)
            indices = np.concatenate([rng.choice(np.flatnonzero(labels == c), size, replace=False) for c in range(labels.max() + 1)])
            accuracies[i, j] = run(indices, seed)
    return accuracies.mean(axis=1), accuracies.std(axis=1, ddof=1)
