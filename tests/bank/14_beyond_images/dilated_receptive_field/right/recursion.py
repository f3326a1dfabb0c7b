def dilated_receptive_field(k, dilations):
    if k < 1 or min(dilations, default=1) < 1:
        raise ValueError("k and the dilations must be positive")
    if not dilations:
        return 1
    return (k - 1) * dilations[-1] + dilated_receptive_field(k, dilations[:-1])
