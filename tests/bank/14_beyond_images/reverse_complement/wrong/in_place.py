# mistake: input_changed
def reverse_complement(x):
    if len(x) != 4:
        raise ValueError("four rows")
    x[...] = x[::-1, ::-1].copy()
    return x
