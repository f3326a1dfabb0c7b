import numpy as np


def conv1d_batch_backward(dy, x, w, stride=1, padding=0):
    if dy.shape != (len(x), len(w), (x.shape[2] + 2 * padding - w.shape[2]) // stride + 1):
        raise ValueError("dy does not have the shape of the output")
    taps, outputs = w.shape[2], dy.shape[2]
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding)))
    dpadded, dw = np.zeros_like(padded), np.zeros_like(w)
    for j in range(taps):
        met = slice(j, j + stride * outputs, stride)
        dw[:, :, j] = np.einsum("nki,nci->kc", dy, padded[:, :, met])
        dpadded[:, :, met] += np.einsum("nki,kc->nci", dy, w[:, :, j])
    dx = dpadded[:, :, padding : dpadded.shape[2] - padding]
    db = dy.sum(axis=0).sum(axis=-1)
    return dx, dw, db
