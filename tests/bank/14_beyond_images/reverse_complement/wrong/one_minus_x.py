# mistake: one_minus
def reverse_complement(x):
    if len(x) != 4:
        raise ValueError("four rows")
    return 1 - x[:, ::-1]
