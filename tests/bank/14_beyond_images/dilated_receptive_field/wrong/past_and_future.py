# mistake: both_sides_counted
def dilated_receptive_field(k, dilations):
    if k < 1 or any(d < 1 for d in dilations):
        raise ValueError("must be positive")
    return 2 * sum((k - 1) * d for d in dilations) + 1
