# mistake: future_seen
import numpy as np


def causal_conv1d(x, w, dilation=1):
    if x.shape[1] != w.shape[1] or dilation < 1:
        raise ValueError("that does not fit")
    length, taps = x.shape[2], w.shape[2]
    reach = (taps - 1) * dilation
    padded = np.pad(x, ((0, 0), (0, 0), (reach, reach)))
    full = sum(w[:, :, k] @ padded[:, :, k * dilation : k * dilation + length + reach] for k in range(taps))
    return full[:, :, -length:]
