# mistake: layers_added_up
def dilated_receptive_field(k, dilations):
    if k < 1 or any(d < 1 for d in dilations):
        raise ValueError("must be positive")
    return sum(d * (k - 1) + 1 for d in dilations)
