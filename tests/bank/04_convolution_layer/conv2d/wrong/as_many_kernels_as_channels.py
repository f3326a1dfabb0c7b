# mistake: group_block_wrong
import numpy as np

def pair(v):
    return v if isinstance(v, tuple) else (v, v)


def one_group(x, w, stride, dilation):
    (sh, sw), (dh, dw) = stride, dilation
    rows = (x.shape[2] - dh * (w.shape[2] - 1) - 1) // sh + 1
    cols = (x.shape[3] - dw * (w.shape[3] - 1) - 1) // sw + 1
    if rows < 1 or cols < 1:
        raise ValueError("the kernel does not fit")
    y = 0
    for s in range(w.shape[2]):
        for t in range(w.shape[3]):
            tap = x[:, :, s * dh : s * dh + sh * (rows - 1) + 1 : sh, t * dw : t * dw + sw * (cols - 1) + 1 : sw]
            y = y + np.tensordot(tap, w[:, :, s, t], axes=(1, 1)).transpose(0, 3, 1, 2)
    return y


def conv2d(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    stride, padding, dilation = pair(stride), pair(padding), pair(dilation)
    if min(stride) < 1 or min(padding) < 0:
        raise ValueError("stride or padding")
    if w.shape[1] * groups != x.shape[1] or len(w) % groups:
        raise ValueError("groups")
    if b is not None and len(b) != len(w):
        raise ValueError("bias")
    x = np.pad(x, ((0, 0), (0, 0), (padding[0],) * 2, (padding[1],) * 2))
    size = x.shape[1] // groups
    y = np.concatenate(
        [
            one_group(x[:, g * size : (g + 1) * size], w if groups == 1 else w[g * size : (g + 1) * size], stride, dilation)
            for g in range(groups)
        ],
        axis=1,
    )
    if y.shape[1] != len(w):
        raise ValueError("something is wrong with the groups")
    return y if b is None else y + b.reshape(-1, 1, 1)
