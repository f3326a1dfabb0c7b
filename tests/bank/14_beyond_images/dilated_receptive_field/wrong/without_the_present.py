# mistake: present_not_counted
def dilated_receptive_field(k, dilations):
    if k < 1 or any(d < 1 for d in dilations):
        raise ValueError("must be positive")
    reach = 0
    for d in dilations:
        reach += d * (k - 1)
    return reach
