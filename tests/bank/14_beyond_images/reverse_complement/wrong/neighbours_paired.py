# mistake: bases_paired_wrongly
def reverse_complement(x):
    if len(x) != 4:
        raise ValueError("four rows")
    a, c, g, t = 0, 1, 2, 3
    return x[[c, a, t, g], ::-1]
