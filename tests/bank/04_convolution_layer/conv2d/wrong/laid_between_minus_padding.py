# mistake: slice_to_minus_zero
import numpy as np


def conv2d(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    as_pair = lambda value: value if isinstance(value, tuple) else (value, value)
    stride, padding, dilation = as_pair(stride), as_pair(padding), as_pair(dilation)
    N, C, H, W = x.shape
    K, depth, kh, kw = w.shape
    if min(stride) < 1 or min(padding) < 0 or depth * groups != C or K % groups or (b is not None and len(b) != K):
        raise ValueError("conv2d: these arguments are impossible")
    height, width = H + 2 * padding[0], W + 2 * padding[1]
    reach = dilation[0] * (kh - 1) + 1, dilation[1] * (kw - 1) + 1
    if reach[0] > height or reach[1] > width:
        raise ValueError("conv2d: the kernels are too large")
    padded = np.zeros((N, C, height, width), x.dtype)
    padded[:, :, padding[0] : -padding[0], padding[1] : -padding[1]] = x
    views = np.lib.stride_tricks.sliding_window_view(padded, reach, axis=(2, 3))
    views = views[:, :, :: stride[0], :: stride[1], :: dilation[0], :: dilation[1]]
    views = views.reshape(N, groups, depth, *views.shape[2:])
    y = np.einsum("ngcijst,gkcst->ngkij", views, w.reshape(groups, -1, depth, kh, kw), optimize=True)
    y = y.reshape(N, K, *y.shape[3:])
    return y if b is None else y + b[:, None, None]
