import torch


def horizontal_flip(x, mask):
    n, c, h, w = x.shape
    if mask.shape[0] != n:
        raise ValueError("mask and images differ in number")
    forward = torch.arange(w, device=x.device)
    columns = torch.where(mask.reshape(n, 1), w - 1 - forward, forward)   # (N, W)
    return x.gather(3, columns.reshape(n, 1, 1, w).expand(n, c, h, w))
