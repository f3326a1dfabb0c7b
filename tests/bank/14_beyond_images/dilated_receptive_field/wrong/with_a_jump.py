# mistake: dilations_as_strides
def dilated_receptive_field(k, dilations):
    if k < 1 or any(d < 1 for d in dilations):
        raise ValueError("must be positive")
    size, jump = 1, 1
    for d in dilations:
        jump *= d
        size += (k - 1) * jump
    return size
