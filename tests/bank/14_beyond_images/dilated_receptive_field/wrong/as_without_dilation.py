# mistake: dilation_ignored
def dilated_receptive_field(k, dilations):
    if k < 1 or any(d < 1 for d in dilations):
        raise ValueError("must be positive")
    return len(dilations) * (k - 1) + 1
