def dilated_receptive_field(k, dilations):
    if k < 1:
        raise ValueError("a kernel has at least one tap")
    seen = 1
    for dilation in dilations:
        if dilation < 1:
            raise ValueError("a dilation is at least 1")
        seen += (k - 1) * dilation
    return seen
