import torch


def mask_from_alpha(alpha, labels=None):
    mask = torch.div(alpha, 128, rounding_mode="floor").to(torch.int64)
    if labels is None:
        return mask
    if tuple(labels.shape) != tuple(alpha.shape[:1]):
        raise ValueError("labels: wrong number")
    return torch.einsum("nhw,n->nhw", mask, labels.long() + 1)
