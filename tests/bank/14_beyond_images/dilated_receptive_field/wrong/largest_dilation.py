# mistake: only_last_layer
def dilated_receptive_field(k, dilations):
    if k < 1 or any(d < 1 for d in dilations):
        raise ValueError("must be positive")
    return 1 + (k - 1) * max(dilations, default=0)
