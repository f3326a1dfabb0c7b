import numpy as np


def conv3d(x, w, b=None, stride=1, padding=0):
    stride = (stride,) * 3 if np.isscalar(stride) else stride
    padding = (padding,) * 3 if np.isscalar(padding) else padding
    if w.shape[1] != x.shape[1]:
        raise ValueError("the channels differ")
    if min(stride) < 1 or min(padding) < 0:
        raise ValueError("stride or padding is impossible")
    padded = np.pad(x.astype(np.float64), ((0, 0), (0, 0), *((p, p) for p in padding)))
    size, taps = padded.shape[2:], w.shape[2:]
    if any(k > n for k, n in zip(taps, size, strict=True)):
        raise ValueError("the kernels do not fit")
    axes = (2, 3, 4)
    signal, kernels = np.fft.rfftn(padded, size, axes), np.fft.rfftn(w.astype(np.float64), size, axes)
    product = np.einsum("ncijl,kcijl->nkijl", signal, kernels.conj())
    full = np.fft.irfftn(product, size, axes)
    d, h, v = (slice(0, n - k + 1, s) for n, k, s in zip(size, taps, stride, strict=True))
    y = full[:, :, d, h, v]
    return (y if b is None else y + b[:, None, None, None]).astype(x.dtype)
