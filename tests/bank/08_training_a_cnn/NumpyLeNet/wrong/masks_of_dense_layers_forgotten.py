# mistake: relu_mask_missing
import numpy as np


def conv2d(x, w, b, padding=0):
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    kh, kw = w.shape[2:]
    h, v = x.shape[2] - kh + 1, x.shape[3] - kw + 1
    y = np.zeros((len(x), len(w), h, v), x.dtype) + b[:, None, None]
    for r in range(kh):
        for t in range(kw):
            y += np.einsum("nchv,kc->nkhv", x[:, :, r : r + h, t : t + v], w[:, :, r, t])
    return y


def conv2d_backward(dy, x, w, padding=0):
    p = padding
    x = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    h, v = dy.shape[2:]
    for r in range(w.shape[2]):
        for t in range(w.shape[3]):
            dw[:, :, r, t] = np.einsum("nkhv,nchv->kc", dy, x[:, :, r : r + h, t : t + v])
            dx[:, :, r : r + h, t : t + v] += np.einsum("nkhv,kc->nchv", dy, w[:, :, r, t])
    return dx[:, :, p : x.shape[2] - p, p : x.shape[3] - p], dw, dy.sum(axis=(0, 2, 3))


def max_pool2d(x, k):
    n, c, h, v = x.shape
    windows = x.reshape(n, c, h // k, k, v // k, k).transpose(0, 1, 2, 4, 3, 5).reshape(n, c, h // k, v // k, k * k)
    return windows.max(axis=-1), windows.argmax(axis=-1)


def max_pool2d_backward(dy, index, x_shape):
    n, c, h, v = dy.shape
    k = x_shape[2] // h
    d = np.zeros((*dy.shape, k * k), dy.dtype)
    np.put_along_axis(d, index[..., None], dy[..., None], axis=-1)
    return d.reshape(n, c, h, v, k, k).transpose(0, 1, 2, 4, 3, 5).reshape(x_shape)


class NumpyLeNet:
    def __init__(self, generator, dtype=np.float32):
        self.weights = []
        for shape in ((6, 1, 5, 5), (16, 6, 5, 5), (120, 400), (84, 120), (10, 84)):
            w = generator.normal(0, 1 / np.sqrt(np.prod(shape[1:])), shape)
            self.weights += [w.astype(dtype), np.zeros(shape[0], dtype)]

    def parameters(self):
        return self.weights

    def forward(self, x):
        w1, b1, w2, b2, w3, b3, w4, b4, w5, b5 = self.weights
        self.x = x
        self.c1 = conv2d(x, w1, b1, padding=2)
        self.p1, self.i1 = max_pool2d(np.maximum(self.c1, 0), 2)
        self.c2 = conv2d(self.p1, w2, b2)
        self.p2, self.i2 = max_pool2d(np.maximum(self.c2, 0), 2)
        self.f = self.p2.reshape(len(x), -1)
        self.h3 = self.f @ w3.T + b3
        self.h4 = np.maximum(self.h3, 0) @ w4.T + b4
        return np.maximum(self.h4, 0) @ w5.T + b5

    def backward(self, dlogits):
        w1, b1, w2, b2, w3, b3, w4, b4, w5, b5 = self.weights
        dw5, db5 = dlogits.T @ np.maximum(self.h4, 0), dlogits.sum(axis=0)
        d = dlogits @ w5
        dw4, db4 = d.T @ np.maximum(self.h3, 0), d.sum(axis=0)
        d = d @ w4
        dw3, db3 = d.T @ self.f, d.sum(axis=0)
        d = (d @ w3).reshape(self.p2.shape)
        d = max_pool2d_backward(d, self.i2, self.c2.shape) * (self.c2 > 0)
        d, dw2, db2 = conv2d_backward(d, self.p1, w2)
        d = max_pool2d_backward(d, self.i1, self.c1.shape) * (self.c1 > 0)
        _, dw1, db1 = conv2d_backward(d, self.x, w1, padding=2)
        return [dw1, db1, dw2, db2, dw3, db3, dw4, db4, dw5, db5]
