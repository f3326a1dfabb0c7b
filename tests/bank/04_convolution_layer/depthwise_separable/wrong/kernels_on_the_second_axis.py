# mistake: none
import numpy as np


def depthwise_separable(x, w_depth, w_point):
    N, C, H, W = x.shape
    kh, kw = w_depth.shape[-2:]
    if kh > H or kw > W or len(w_depth) != C or w_point.shape[1] != C:
        raise ValueError("shapes do not fit")
    maps = np.zeros((N, C, H - kh + 1, W - kw + 1), x.dtype)
    for c in range(C):
        for s in range(kh):
            for t in range(kw):
                maps[:, c] += w_depth[0, c, s, t] * x[:, c, s : s + H - kh + 1, t : t + W - kw + 1]
    return np.einsum("nchw,kc->nkhw", maps, w_point[:, :, 0, 0])
