def reverse_complement(x):
    if x.ndim != 2 or x.shape[0] != 4:
        raise ValueError(f"expected (4, L), got {x.shape}")
    return x[[3, 2, 1, 0]][:, ::-1]
