# mistake: input_changed
def horizontal_flip(x, mask):
    if len(mask) != len(x):
        raise ValueError("mask")
    x[mask] = x[mask].flip(-1)
    return x
