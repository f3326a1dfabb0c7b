import torch


def mixup(x, y, lam, permutation):
    if lam < 0 or lam > 1:
        raise ValueError("lam")
    n = len(x)
    if len(y) != n or len(permutation) != n or len(set(permutation.tolist())) != n:
        raise ValueError("labels or permutation")
    return torch.lerp(x[permutation], x, lam), torch.lerp(y[permutation], y, lam)
