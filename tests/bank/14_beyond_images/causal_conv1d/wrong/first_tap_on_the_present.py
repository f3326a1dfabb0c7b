# mistake: kernel_flipped
import numpy as np


def causal_conv1d(x, w, dilation=1):
    n, c, length = x.shape
    out, depth, taps = w.shape
    if depth != c:
        raise ValueError("channels")
    if dilation < 1:
        raise ValueError("dilation")
    y = np.zeros((n, out, length), dtype=x.dtype)
    for k in range(taps):
        back = min(k * dilation, length)
        y[:, :, back:] += w[:, :, k] @ x[:, :, : length - back]
    return y
