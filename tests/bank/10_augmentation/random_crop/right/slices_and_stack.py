import torch
import torch.nn.functional as F


def random_crop(x, padding, top, left):
    n, c, h, w = x.shape
    if padding < 0:
        raise ValueError("negative padding")
    if len(top) != n or len(left) != n:
        raise ValueError("one top and one left per image")
    for t, l in zip(top.tolist(), left.tolist()):
        if not (0 <= t <= 2 * padding and 0 <= l <= 2 * padding):
            raise ValueError(f"({t}, {l}) leaves the frame")
    p = F.pad(x, (padding,) * 4)
    return torch.stack([p[i, :, t:t + h, l:l + w] for i, (t, l) in enumerate(zip(top.tolist(), left.tolist()))])
