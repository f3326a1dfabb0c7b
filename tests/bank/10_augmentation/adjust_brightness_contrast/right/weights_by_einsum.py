import torch


def adjust_brightness_contrast(x, brightness, contrast):
    n, c, h, w = x.shape
    if c == 3:
        weights = torch.tensor([0.2989, 0.587, 0.114], dtype=x.dtype, device=x.device)
    elif c == 1:
        weights = torch.ones(1, dtype=x.dtype, device=x.device)
    else:
        raise ValueError(f"{c} channels")
    for factor in (brightness, contrast):
        if factor.shape != (n,) or bool((factor < 0).any()):
            raise ValueError("factors must be N numbers that are not negative")
    y = torch.einsum("nchw,n->nchw", x, brightness).clip(0, 1)
    m = torch.einsum("nchw,c->n", y, weights) / (h * w)
    return torch.lerp(m.view(n, 1, 1, 1).expand_as(y), y, contrast.view(n, 1, 1, 1)).clip(0, 1)
