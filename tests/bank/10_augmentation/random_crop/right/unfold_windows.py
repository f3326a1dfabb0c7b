import torch
import torch.nn.functional as F


def random_crop(x, padding, top, left):
    h, w = x.shape[2:]
    if padding < 0:
        raise ValueError("padding")
    if top.numel() != len(x) or left.numel() != len(x):
        raise ValueError("number of offsets")
    if top.min() < 0 or left.min() < 0 or top.max() > 2 * padding or left.max() > 2 * padding:
        raise ValueError("offset")
    windows = F.pad(x, [padding] * 4).unfold(2, h, 1).unfold(3, w, 1)   # (N, C, 2p+1, 2p+1, H, W)
    return windows[torch.arange(len(x), device=x.device), :, top, left]
