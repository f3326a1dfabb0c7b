# mistake: grey_weights_rounded
import torch


def adjust_brightness_contrast(x, brightness, contrast):
    if x.shape[1] not in (1, 3):
        raise ValueError("channels")
    if brightness.shape != (len(x),) or contrast.shape != (len(x),):
        raise ValueError("one number per image")
    if (brightness < 0).any() or (contrast < 0).any():
        raise ValueError("negative")
    b, c = brightness[:, None, None, None], contrast[:, None, None, None]
    y = (x * b).clamp(0, 1)
    if x.shape[1] == 3:
        m = (0.299 * y[:, 0] + 0.587 * y[:, 1] + 0.114 * y[:, 2]).mean((1, 2))
    else:
        m = y.mean((1, 2, 3))
    m = m[:, None, None, None]
    return (m + c * (y - m)).clamp(0, 1)
