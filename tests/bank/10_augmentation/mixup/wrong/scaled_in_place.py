# mistake: input_changed
import torch


def mixup(x, y, lam, permutation):
    if not 0 <= lam <= 1:
        raise ValueError("lam")
    if len(x) != len(y) or sorted(permutation.tolist()) != list(range(len(x))):
        raise ValueError("labels or permutation")
    partner, partner_label = x[permutation], y[permutation]
    x *= lam
    x += (1 - lam) * partner
    return x, lam * y + (1 - lam) * partner_label
