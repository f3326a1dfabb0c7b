# mistake: permutation_inverted
import torch


def mixup(x, y, lam, permutation):
    if not 0 <= lam <= 1:
        raise ValueError("lam")
    if len(x) != len(y) or sorted(permutation.tolist()) != list(range(len(x))):
        raise ValueError("labels or permutation")
    images, labels = lam * x, lam * y
    images[permutation] += (1 - lam) * x
    labels[permutation] += (1 - lam) * y
    return images, labels
