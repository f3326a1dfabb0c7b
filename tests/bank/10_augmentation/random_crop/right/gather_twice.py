import torch


def random_crop(x, padding, top, left):
    n, c, h, w = x.shape
    if padding < 0:
        raise ValueError(f"padding {padding}")
    if top.shape[0] != n or left.shape[0] != n:
        raise ValueError("offsets")
    both = torch.cat([top, left])
    if (both < 0).any() or (both > 2 * padding).any():
        raise ValueError("window outside")
    frame = x.new_zeros(n, c, h + 2 * padding, w + 2 * padding)
    frame[:, :, padding:padding + h, padding:padding + w] = x
    rows = (top[:, None] + torch.arange(h, device=x.device)).view(n, 1, h, 1).expand(n, c, h, w + 2 * padding)
    frame = frame.gather(2, rows)
    cols = (left[:, None] + torch.arange(w, device=x.device)).view(n, 1, 1, w).expand(n, c, h, w)
    return frame.gather(3, cols)
