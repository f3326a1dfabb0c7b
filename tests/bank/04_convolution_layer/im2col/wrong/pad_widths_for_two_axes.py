# mistake: none
import numpy as np


def im2col(x, k, stride=1, padding=0, dilation=1):
    kh, kw = (k, k) if np.isscalar(k) else k
    sh, sw = (stride, stride) if np.isscalar(stride) else stride
    ph, pw = (padding, padding) if np.isscalar(padding) else padding
    dh, dw = (dilation, dilation) if np.isscalar(dilation) else dilation
    if sh < 1 or sw < 1 or ph < 0 or pw < 0:
        raise ValueError("stride must be at least 1, padding at least 0")
    if ph or pw:
        x = np.pad(x, ((ph, ph), (pw, pw)))
    N, C, H, W = x.shape
    if dh * (kh - 1) + 1 > H or dw * (kw - 1) + 1 > W:
        raise ValueError("the kernel does not fit")
    windows = np.lib.stride_tricks.sliding_window_view(x, (dh * (kh - 1) + 1, dw * (kw - 1) + 1), axis=(2, 3))
    windows = windows[:, :, ::sh, ::sw, ::dh, ::dw]
    return windows.transpose(0, 1, 4, 5, 2, 3).reshape(N, C * kh * kw, -1)
