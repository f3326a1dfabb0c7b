# mistake: dilation_for_count
def doubling_layers(k, samples):
    if k < 2 or samples < 1:
        raise ValueError("impossible")
    dilation, seen = 1, 1
    while seen < samples:
        seen += (k - 1) * dilation
        dilation *= 2
    return dilation
