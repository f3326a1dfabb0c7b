import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def conv1d_batch_backward(dy, x, w, stride=1, padding=0):
    if dy.shape != (len(x), len(w), (x.shape[2] + 2 * padding - w.shape[2]) // stride + 1):
        raise ValueError("dy does not have the shape of the output")
    (N, C, L), (K, _, n) = x.shape, w.shape
    stops = L + 2 * padding - n + 1
    dilated = np.zeros((N, K, stops), dtype=dy.dtype)
    dilated[:, :, ::stride] = dy
    wide = np.pad(dilated, ((0, 0), (0, 0), (n - 1, n - 1)))
    dxp = np.einsum("nkit,kct->nci", sliding_window_view(wide, n, axis=2), w[:, :, ::-1])
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding)))
    dw = np.einsum("ncjt,nkt->kcj", sliding_window_view(xp, stops, axis=2), dilated)
    return dxp[:, :, padding : padding + L], dw, dy.sum((0, 2))
