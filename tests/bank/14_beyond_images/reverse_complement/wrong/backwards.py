# mistake: complement_forgotten
def reverse_complement(x):
    if len(x) != 4:
        raise ValueError("four rows")
    return x[:, ::-1].copy()
