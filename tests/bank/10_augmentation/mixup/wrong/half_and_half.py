# mistake: lam_ignored
import torch


def mixup(x, y, lam, permutation):
    if not 0 <= lam <= 1:
        raise ValueError("lam")
    if len(x) != len(y) or sorted(permutation.tolist()) != list(range(len(x))):
        raise ValueError("labels or permutation")
    return 0.5 * (x + x[permutation]), 0.5 * (y + y[permutation])
