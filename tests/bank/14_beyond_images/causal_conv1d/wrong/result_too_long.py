# mistake: padding_not_cropped
import numpy as np


def causal_conv1d(x, w, dilation=1):
    (n, c, length), (out, depth, taps) = x.shape, w.shape
    if depth != c or dilation < 1:
        raise ValueError("that does not fit")
    reach = (taps - 1) * dilation
    padded = np.pad(x, ((0, 0), (0, 0), (reach, reach)))
    return sum(w[:, :, k] @ padded[:, :, k * dilation : k * dilation + length + reach] for k in range(taps))
