def mixup(x, y, lam, permutation):
    if not (0.0 <= lam <= 1.0):
        raise ValueError("lam")
    if sorted(permutation.tolist()) != list(range(x.shape[0])):
        raise ValueError("permutation")
    if y.shape[0] != x.shape[0]:
        raise ValueError("y")
    a, b = x.index_select(0, permutation), y.index_select(0, permutation)
    return a + lam * (x - a), b + lam * (y - b)
