import torch


def adjust_brightness_contrast(x, brightness, contrast):
    if x.shape[1] not in (1, 3):
        raise ValueError("grey or colour images only")
    if len(brightness) != len(x) or len(contrast) != len(x):
        raise ValueError("one factor per image")
    if brightness.min() < 0 or contrast.min() < 0:
        raise ValueError("negative factor")
    out = torch.empty_like(x)
    for i in range(len(x)):
        y = torch.clamp(x[i] * brightness[i], 0, 1)
        if x.shape[1] == 3:
            r, g, b = y
            m = (0.2989 * r + 0.587 * g + 0.114 * b).mean()
        else:
            m = y.mean()
        out[i] = torch.clamp(m + contrast[i] * (y - m), 0, 1)
    return out
