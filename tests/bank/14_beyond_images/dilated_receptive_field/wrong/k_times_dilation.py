# mistake: dilation_times_kernel
def dilated_receptive_field(k, dilations):
    if k < 1 or any(d < 1 for d in dilations):
        raise ValueError("must be positive")
    return 1 + sum(k * d for d in dilations)
