def doubling_layers(k, samples, dilation=1):
    if k < 1 or samples < 1:
        raise ValueError("impossible")
    if samples == 1:
        return 0
    if k == 1:
        raise ValueError("kernels of one tap never see more than one value")
    return 1 + doubling_layers(k, max(1, samples - (k - 1) * dilation), 2 * dilation)
