# mistake: labels_ignored
def mask_from_alpha(alpha, labels=None):
    return (alpha >= 128).long()
