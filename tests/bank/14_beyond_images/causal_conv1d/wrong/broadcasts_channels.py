# mistake: none
import numpy as np


def causal_conv1d(x, w, dilation=1):
    length, taps = x.shape[2], w.shape[2]
    padded = np.pad(x, ((0, 0), (0, 0), (abs(taps - 1) * abs(dilation), 0)))
    y = 0
    for k in range(taps):
        seen = padded[:, None, :, k * dilation : k * dilation + length]
        y = y + (seen * w[None, :, :, k, None]).sum(axis=2)
    return y
