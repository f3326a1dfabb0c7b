# mistake: count_include_pad_ignored
import numpy as np


def avg_pool2d(x, k, stride=None, padding=0, count_include_pad=True):
    kh, kw = np.broadcast_to(k, 2)
    sh, sw = np.broadcast_to(k if stride is None else stride, 2)
    ph, pw = np.broadcast_to(padding, 2)
    view = np.lib.stride_tricks.sliding_window_view
    pads = ((0, 0), (0, 0), (ph, ph), (pw, pw))
    sums = view(np.pad(x, pads), (kh, kw), (2, 3))[:, :, ::sh, ::sw].sum((-1, -2))
    if count_include_pad:
        n = view(np.pad(np.ones_like(x), pads), (kh, kw), (2, 3))[:, :, ::sh, ::sw].sum((-1, -2))
    else:
        n = x.dtype.type(kh * kw)
    return sums / n
