# mistake: height_width_swapped
import torch
import torch.nn.functional as F


def random_crop(x, padding, top, left):
    n, c, h, w = x.shape
    if padding < 0 or len(top) != n or len(left) != n:
        raise ValueError("impossible")
    if min(top.min(), left.min()) < 0 or max(top.max(), left.max()) > 2 * padding:
        raise ValueError("window leaves the frame")
    p = F.pad(x, (padding,) * 4)
    return torch.stack([p[i, :, left[i]:left[i] + h, top[i]:top[i] + w] for i in range(n)])
