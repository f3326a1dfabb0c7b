# mistake: weights_not_complementary
import torch


def mixup(x, y, lam, permutation):
    if not 0 <= lam <= 1:
        raise ValueError("lam")
    if len(x) != len(y) or sorted(permutation.tolist()) != list(range(len(x))):
        raise ValueError("labels or permutation")
    return x + (1 - lam) * x[permutation], y + (1 - lam) * y[permutation]
