# mistake: window_too_short
import numpy as np


def im2col(x, k, stride=1, padding=0, dilation=1):
    two = lambda v: (v, v) if np.ndim(v) == 0 else v
    (kh, kw), (sh, sw), (ph, pw), (dh, dw) = two(k), two(stride), two(padding), two(dilation)
    N, C, H, W = x.shape
    reach_h, reach_w = dh * (kh - 1) + 1, dw * (kw - 1) + 1
    if sh < 1 or sw < 1 or ph < 0 or pw < 0 or reach_h > H + 2 * ph or reach_w > W + 2 * pw:
        raise ValueError("impossible")
    xp = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    columns = []
    for top in range(0, H + 2 * ph - reach_h + 1, sh):
        for left in range(0, W + 2 * pw - reach_w + 1, sw):
            columns.append(xp[:, :, top : top + kh : dh, left : left + kw : dw].reshape(N, -1))
    return np.stack(columns, axis=2)
