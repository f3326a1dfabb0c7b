# mistake: rows_swapped_in_place
def reverse_complement(x):
    if len(x) != 4:
        raise ValueError("four rows")
    y = x[:, ::-1].copy()
    y[0] = y[3]
    y[1] = y[2]
    y[2] = y[1]
    y[3] = y[0]
    return y
