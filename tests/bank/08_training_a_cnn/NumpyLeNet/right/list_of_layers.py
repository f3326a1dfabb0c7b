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


class Layer:
    def __init__(self, w, b):
        self.w, self.b = w, b


class Conv(Layer):
    def __init__(self, w, b, padding):
        super().__init__(w, b)
        self.padding = padding

    def forward(self, x):
        self.x = x
        return conv2d(x, self.w, self.b, self.padding)

    def backward(self, dy):
        dx, self.dw, self.db = conv2d_backward(dy, self.x, self.w, self.padding)
        return dx


class Dense(Layer):
    def forward(self, x):
        self.shape, self.x = x.shape, x.reshape(len(x), -1)
        return self.x @ self.w.T + self.b

    def backward(self, dy):
        self.dw, self.db = dy.T @ self.x, dy.sum(0)
        return (dy @ self.w).reshape(self.shape)


class ReLU:
    def forward(self, x):
        self.mask = x > 0
        return x * self.mask

    def backward(self, dy):
        return dy * self.mask


class Pool:
    def forward(self, x):
        self.shape = x.shape
        y, self.index = max_pool2d(x, 2)
        return y

    def backward(self, dy):
        return max_pool2d_backward(dy, self.index, self.shape)


class NumpyLeNet:
    def __init__(self, generator, dtype=np.float32):
        def draw(*shape):
            bound = 1 / np.sqrt(np.prod(shape[1:]))
            return [generator.uniform(-bound, bound, size).astype(dtype) for size in (shape, shape[:1])]

        self.layers = [Conv(*draw(6, 1, 5, 5), 2), ReLU(), Pool(), Conv(*draw(16, 6, 5, 5), 0), ReLU(), Pool()]
        self.layers += [Dense(*draw(120, 400)), ReLU(), Dense(*draw(84, 120)), ReLU(), Dense(*draw(10, 84))]

    def parameters(self):
        return [p for layer in self.layers if isinstance(layer, Layer) for p in (layer.w, layer.b)]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dlogits):
        for layer in reversed(self.layers):
            dlogits = layer.backward(dlogits)
        return [g for layer in self.layers if isinstance(layer, Layer) for g in (layer.dw, layer.db)]
