def doubling_layers(k, samples):
    if k < 1 or samples < 1 or (k == 1 and samples != 1):
        raise ValueError("impossible")
    if samples == 1:
        return 0
    gaps = -(-(samples - 1) // (k - 1))  # rounded up
    return gaps.bit_length()
