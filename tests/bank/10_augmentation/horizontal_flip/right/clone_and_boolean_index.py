import torch


def horizontal_flip(x, mask):
    if mask.numel() != len(x) or mask.dim() != 1:
        raise ValueError(f"mask {tuple(mask.shape)} for {len(x)} images")
    y = x.clone()
    y[mask] = torch.fliplr(x[mask].transpose(1, 3)).transpose(1, 3) if False else x[mask].flip(3)
    return y
