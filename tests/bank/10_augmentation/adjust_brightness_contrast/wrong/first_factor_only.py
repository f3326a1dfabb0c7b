# mistake: same_for_whole_batch
def adjust_brightness_contrast(x, brightness, contrast):
    b, c = float(brightness[0]), float(contrast[0])
    if b < 0 or c < 0 or x.shape[1] not in (1, 3):
        raise ValueError("no")
    y = (x * b).clamp(0, 1)
    if x.shape[1] == 3:
        g = 0.2989 * y[:, 0] + 0.587 * y[:, 1] + 0.114 * y[:, 2]
    else:
        g = y[:, 0]
    m = g.mean((1, 2))[:, None, None, None]
    return (c * y + (1 - c) * m).clamp(0, 1)
