# mistake: mean_of_input
import torch


def grey(y):
    if y.shape[1] == 1:
        return y
    return (0.2989 * y[:, 0] + 0.587 * y[:, 1] + 0.114 * y[:, 2])[:, None]


def adjust_brightness_contrast(x, brightness, contrast):
    if x.shape[1] not in (1, 3):
        raise ValueError("channels")
    if brightness.shape != (len(x),) or contrast.shape != (len(x),):
        raise ValueError("one number per image")
    if (brightness < 0).any() or (contrast < 0).any():
        raise ValueError("negative")
    b, c = brightness[:, None, None, None], contrast[:, None, None, None]
    m = grey(x).mean((1, 2, 3), keepdim=True)
    y = (x * b).clamp(0, 1)
    return (c * y + (1 - c) * m).clamp(0, 1)
