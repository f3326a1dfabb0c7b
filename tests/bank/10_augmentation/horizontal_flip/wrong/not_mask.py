# mistake: mask_inverted
import torch


def horizontal_flip(x, mask):
    if mask.shape != x.shape[:1]:
        raise ValueError("shape of mask")
    return torch.where(mask[:, None, None, None], x, x.flip(3))
