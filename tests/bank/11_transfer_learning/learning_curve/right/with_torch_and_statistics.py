import statistics

import torch


def learning_curve(sizes, labels, run, seeds):
    labels = torch.as_tensor(labels)
    classes = labels.unique()
    counts = torch.stack([(labels == c).sum() for c in classes])
    if max(sizes) > int(counts.min()):
        raise ValueError("too few images of a class")
    scores = {}
    for seed in seeds:
        for size in sizes:
            g = torch.Generator().manual_seed(int(seed))
            chosen = []
            for c in classes:
                members = torch.nonzero(labels == c).flatten()
                chosen.append(members[torch.randperm(len(members), generator=g)[:size]])
            scores[size, seed] = run(torch.cat(chosen), seed)
    rows = [[scores[size, seed] for seed in seeds] for size in sizes]
    return torch.tensor([statistics.mean(r) for r in rows], dtype=torch.float64), [statistics.stdev(r) for r in rows]
