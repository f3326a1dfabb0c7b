# mistake: python_loop
import numpy as np


def conv3d(x, w, b=None, stride=1, padding=0):
    (sd, sh, sw), (pd, ph, pw) = (tuple(np.broadcast_to(o, 3)) for o in (stride, padding))
    (n, c, *_), (out, channels, kd, kh, kw) = x.shape, w.shape
    if channels != c or min(sd, sh, sw) < 1 or min(pd, ph, pw) < 0:
        raise ValueError("that does not fit")
    padded = np.pad(x, ((0, 0), (0, 0), (pd, pd), (ph, ph), (pw, pw)))
    depth, height, width = padded.shape[2:]
    if kd > depth or kh > height or kw > width:
        raise ValueError("too large")
    y = np.zeros((n, out, (depth - kd) // sd + 1, (height - kh) // sh + 1, (width - kw) // sw + 1), dtype=x.dtype)
    for i in range(y.shape[2]):
        for j in range(y.shape[3]):
            for m in range(y.shape[4]):
                window = padded[:, :, i * sd : i * sd + kd, j * sh : j * sh + kh, m * sw : m * sw + kw]
                y[:, :, i, j, m] = np.tensordot(window, w, axes=([1, 2, 3, 4], [1, 2, 3, 4]))
    if b is not None:
        y += b[:, None, None, None]
    return y
