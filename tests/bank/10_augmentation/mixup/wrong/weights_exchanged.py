# mistake: lam_swapped
import torch


def mixup(x, y, lam, permutation):
    if not 0 <= lam <= 1:
        raise ValueError("lam")
    if len(x) != len(y) or sorted(permutation.tolist()) != list(range(len(x))):
        raise ValueError("labels or permutation")
    return (1 - lam) * x + lam * x[permutation], (1 - lam) * y + lam * y[permutation]
