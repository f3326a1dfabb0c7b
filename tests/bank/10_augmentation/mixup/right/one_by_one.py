import torch


def mixup(x, y, lam, permutation):
    if not 0 <= lam <= 1:
        raise ValueError("lam")
    if x.shape[0] != y.shape[0]:
        raise ValueError("labels")
    if set(permutation.tolist()) != set(range(len(x))) or len(permutation) != len(x):
        raise ValueError("permutation")
    images, labels = torch.zeros_like(x), torch.zeros_like(y)
    for i, j in enumerate(permutation.tolist()):
        images[i] = x[i] * lam + x[j] * (1 - lam)
        labels[i] = y[i] * lam + y[j] * (1 - lam)
    return images, labels
