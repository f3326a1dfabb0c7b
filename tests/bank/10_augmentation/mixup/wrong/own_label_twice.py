# mistake: labels_not_mixed
import torch


def mixup(x, y, lam, permutation):
    if not 0 <= lam <= 1:
        raise ValueError("lam")
    if len(x) != len(y) or sorted(permutation.tolist()) != list(range(len(x))):
        raise ValueError("labels or permutation")
    x2, y2 = x[permutation], y
    return lam * x + (1 - lam) * x2, lam * y + (1 - lam) * y2
