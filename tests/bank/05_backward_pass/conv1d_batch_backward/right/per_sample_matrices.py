import numpy as np


def conv1d_batch_backward(dy, x, w, stride=1, padding=0):
    if dy.shape != (len(x), len(w), (x.shape[2] + 2 * padding - w.shape[2]) // stride + 1):
        raise ValueError("dy does not have the shape of the output")
    dxs, dw, db = [], 0, 0
    (_, C, L), (K, _, n) = x.shape, w.shape
    starts = np.arange(dy.shape[2]) * stride
    where = starts[None, :] + np.arange(n)[:, None]  # (n, L')
    for sample, g in zip(x, dy):
        padded = np.pad(sample, [(0, 0), (padding, padding)])
        columns = padded[:, where].reshape(C * n, -1)
        dw = dw + g @ columns.T
        db = db + g.sum(1)
        back = (w.reshape(K, -1).T @ g).reshape(C, n, -1)
        out = np.zeros_like(padded)
        for c in range(C):
            np.add.at(out[c], where, back[c])
        dxs.append(out[:, padding : padding + L])
    return np.stack(dxs), dw.reshape(w.shape), db
