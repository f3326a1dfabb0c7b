def horizontal_flip(x, mask):
    if tuple(mask.shape) != (x.size(0),):
        raise ValueError("wrong mask")
    m = mask[:, None, None, None]
    return x.flip(-1) * m + x * ~m
