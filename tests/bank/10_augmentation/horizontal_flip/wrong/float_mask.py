# mistake: wrong_dtype
def horizontal_flip(x, mask):
    if len(mask) != len(x):
        raise ValueError("mask")
    m = mask.double()[:, None, None, None]
    return m * x.flip(-1) + (1 - m) * x
