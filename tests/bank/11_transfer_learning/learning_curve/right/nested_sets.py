import numpy as np


def learning_curve(sizes, labels, run, seeds):
    smallest = np.bincount(labels).min()
    for size in sizes:
        if size > smallest:
            raise ValueError(f"a class has only {smallest} images")
    table = []
    for seed in seeds:
        order = np.random.default_rng(seed).permutation(len(labels))
        ranks = np.empty(len(labels), dtype=int)
        for c in np.unique(labels):
            own = order[labels[order] == c]
            ranks[own] = np.arange(len(own))
        table.append([run(np.flatnonzero(ranks < size), seed) for size in sizes])
    table = np.array(table)
    return table.mean(0), table.std(0, ddof=1)
