# mistake: sizes_multiplied
def dilated_receptive_field(k, dilations):
    if k < 1 or any(d < 1 for d in dilations):
        raise ValueError("must be positive")
    seen = 1
    for d in dilations:
        seen *= 1 + d * (k - 1)
    return seen
