import numpy as np


def max_pool2d(x, k, stride=None, padding=0):
    (kh, kw), (ph, pw) = np.broadcast_to(k, 2), np.broadcast_to(padding, 2)
    sh, sw = (kh, kw) if stride is None else np.broadcast_to(stride, 2)
    if kh < 1 or kw < 1 or sh < 1 or sw < 1 or not 0 <= 2 * ph <= kh or not 0 <= 2 * pw <= kw:
        raise ValueError("window, stride or padding")
    N, C, H, W = x.shape
    rows, columns = (H + 2 * ph - kh) // sh + 1, (W + 2 * pw - kw) // sw + 1
    if rows < 1 or columns < 1:
        raise ValueError("window too large")
    padded = np.full((N, C, H + 2 * ph, W + 2 * pw), np.finfo(x.dtype).min, x.dtype)
    padded[:, :, ph : ph + H, pw : pw + W] = x
    places = np.full(padded.shape[2:], -1)
    places[ph : ph + H, pw : pw + W] = np.arange(H * W).reshape(H, W)
    y, index = np.empty((N, C, rows, columns), x.dtype), np.empty((N, C, rows, columns), int)
    for i in range(rows):
        for j in range(columns):
            cut = (..., slice(i * sh, i * sh + kh), slice(j * sw, j * sw + kw))
            window = padded[cut].reshape(N, C, kh * kw)
            best = window.argmax(2)
            y[:, :, i, j] = np.take_along_axis(window, best[..., None], 2)[..., 0]
            index[:, :, i, j] = places[cut].ravel()[best]
    return y, index
