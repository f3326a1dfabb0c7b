# mistake: lam_swapped
import torch


def mixup(x, y, lam, permutation):
    if not 0 <= lam <= 1:
        raise ValueError("lam")
    if len(x) != len(y) or sorted(permutation.tolist()) != list(range(len(x))):
        raise ValueError("labels or permutation")
    mixed = x.clone()
    mixed.mul_(lam).add_(x[permutation], alpha=1 - lam)
    return mixed, y[permutation] * lam + y * (1 - lam)
