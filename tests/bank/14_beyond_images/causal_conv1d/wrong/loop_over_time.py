# mistake: python_loop
import numpy as np


def causal_conv1d(x, w, dilation=1):
    (n, c, length), (out, depth, taps) = x.shape, w.shape
    if depth != c or dilation < 1:
        raise ValueError("that does not fit")
    padded = np.pad(x, ((0, 0), (0, 0), ((taps - 1) * dilation, 0)))
    y = np.zeros((n, out, length), dtype=x.dtype)
    for t in range(length):
        window = padded[:, :, t : t + (taps - 1) * dilation + 1 : dilation]
        y[:, :, t] = np.einsum("nck,ock->no", window, w)
    return y
