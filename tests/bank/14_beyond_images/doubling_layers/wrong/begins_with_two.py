# mistake: first_dilation_two
def doubling_layers(k, samples):
    if k < 2 or samples < 1:
        raise ValueError("impossible")
    layers, seen = 0, 1
    while seen < samples:
        layers += 1
        seen += (k - 1) * 2**layers
    return layers
