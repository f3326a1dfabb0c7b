import torch


def horizontal_flip(x, mask):
    if mask.size(0) != x.size(0):
        raise ValueError("mask")
    which = mask.nonzero().squeeze(1)
    backwards = torch.arange(x.shape[-1] - 1, -1, -1, device=x.device)
    result = x.detach().clone(memory_format=torch.contiguous_format)
    result[which] = x[which][..., backwards]
    return result
