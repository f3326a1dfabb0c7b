# mistake: one_layer_too_many
def doubling_layers(k, samples):
    if k < 1 or samples < 1 or (k == 1 and samples > 1):
        raise ValueError("impossible")
    layers, seen, dilation = 0, 1, 1
    while seen <= samples:
        if k == 1:
            return 0
        seen += (k - 1) * dilation
        dilation *= 2
        layers += 1
    return layers
