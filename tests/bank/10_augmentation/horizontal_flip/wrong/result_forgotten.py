# mistake: returns_nothing
def horizontal_flip(x, mask):
    if len(mask) != len(x):
        raise ValueError("mask")
    y = x.clone()
    y[mask] = y[mask].flip(-1)
