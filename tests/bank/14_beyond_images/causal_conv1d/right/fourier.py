import numpy as np


def causal_conv1d(x, w, dilation=1):
    (n, c, length), (out, depth, taps) = x.shape, w.shape
    if depth != c or dilation < 1:
        raise ValueError("that does not fit")
    reach = (taps - 1) * dilation
    spread = np.zeros((out, c, reach + 1))
    spread[:, :, ::dilation] = w[:, :, ::-1]
    size = length + reach
    product = np.einsum("ncf,ocf->nof", np.fft.rfft(x, size), np.fft.rfft(spread, size))
    return np.fft.irfft(product, size)[:, :, :length].astype(x.dtype)
