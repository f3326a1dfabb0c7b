# mistake: dilations_not_doubled
def doubling_layers(k, samples):
    if k < 2 or samples < 1:
        raise ValueError("impossible")
    dilation, seen = 0, 1
    while seen < samples:
        dilation += 1
        seen += (k - 1) * dilation
    return dilation
