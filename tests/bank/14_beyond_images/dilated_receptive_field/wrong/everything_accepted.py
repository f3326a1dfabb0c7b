# mistake: none
def dilated_receptive_field(k, dilations):
    return 1 + (k - 1) * sum(dilations)
