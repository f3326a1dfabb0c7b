import torch


def cutout(x, top, left, size):
    if size < 0:
        raise ValueError(f"size {size}")
    if top.numel() != x.size(0) or left.numel() != x.size(0):
        raise ValueError("top and left")

    def inside(start, length):
        place = torch.arange(length, device=x.device)[None]
        return ((place >= start[:, None]) & (place < (start + size)[:, None])).to(x.dtype)

    square = torch.einsum("nh,nw->nhw", inside(top, x.shape[2]), inside(left, x.shape[3]))
    return x * (1 - square)[:, None]
