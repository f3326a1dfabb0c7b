# mistake: bias_forgotten
import numpy as np


def windows_of(x, w, padding):
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    view = np.lib.stride_tricks.sliding_window_view(padded, w.shape[2:], axis=(2, 3))
    n, c, h, v, kh, kw = view.shape
    return view.transpose(0, 2, 3, 1, 4, 5).reshape(n, h, v, c * kh * kw)


def conv2d(x, w, b, padding=0):
    return (windows_of(x, w, padding) @ w.reshape(len(w), -1).T + b).transpose(0, 3, 1, 2)


def conv2d_backward(dy, x, w, padding=0):
    rows = dy.transpose(0, 2, 3, 1).reshape(-1, len(w))
    dw = (rows.T @ windows_of(x, w, padding).reshape(len(rows), -1)).reshape(w.shape)
    full = w.shape[2] - 1 - padding
    flipped = w[:, :, ::-1, ::-1].transpose(1, 0, 2, 3)
    return conv2d(dy, flipped, np.zeros(len(flipped), w.dtype), full), dw, rows.sum(axis=0)


def max_pool2d(x, k):
    quarters = np.stack([x[:, :, i::k, j::k] for i in range(k) for j in range(k)])
    index = quarters.argmax(axis=0)
    return np.take_along_axis(quarters, index[None], axis=0)[0], index


def max_pool2d_backward(dy, index, x_shape):
    k = x_shape[2] // dy.shape[2]
    dx = np.zeros(x_shape, dy.dtype)
    for place in range(k * k):
        dx[:, :, place // k :: k, place % k :: k] = np.where(index == place, dy, 0)
    return dx


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
        self.h3 = self.f @ w3.T
        self.h4 = np.maximum(self.h3, 0) @ w4.T
        return np.maximum(self.h4, 0) @ w5.T

    def backward(self, dlogits):
        w1, b1, w2, b2, w3, b3, w4, b4, w5, b5 = self.weights
        dw5, db5 = dlogits.T @ np.maximum(self.h4, 0), dlogits.sum(axis=0)
        d = dlogits @ w5 * (self.h4 > 0)
        dw4, db4 = d.T @ np.maximum(self.h3, 0), d.sum(axis=0)
        d = d @ w4 * (self.h3 > 0)
        dw3, db3 = d.T @ self.f, d.sum(axis=0)
        d = (d @ w3).reshape(self.p2.shape)
        d = max_pool2d_backward(d, self.i2, self.c2.shape) * (self.c2 > 0)
        d, dw2, db2 = conv2d_backward(d, self.p1, w2)
        d = max_pool2d_backward(d, self.i1, self.c1.shape) * (self.c1 > 0)
        _, dw1, db1 = conv2d_backward(d, self.x, w1, padding=2)
        return [dw1, db1, dw2, db2, dw3, db3, dw4, db4, dw5, db5]
