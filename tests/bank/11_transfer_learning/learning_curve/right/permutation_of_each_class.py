import numpy as np


def learning_curve(sizes, labels, run, seeds):
    members = [np.where(labels == c)[0] for c in sorted(set(labels.tolist()))]
    means, spreads = [], []
    for size in sizes:
        if any(size > len(m) for m in members):
            raise ValueError(f"not every class has {size} images")
        results = []
        for seed in seeds:
            rng = np.random.default_rng(seed)
            indices = [int(i) for m in members for i in rng.permutation(m)[:size]]
            results.append(run(indices, seed))
        means.append(np.mean(results))
        spreads.append(np.sqrt(sum((r - means[-1]) ** 2 for r in results) / (len(results) - 1)))
    return means, spreads
