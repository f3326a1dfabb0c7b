import torch


def mask_from_alpha(alpha, labels=None):
    if labels is None:
        labels = torch.zeros(alpha.shape[0], dtype=torch.int64, device=alpha.device)
    if labels.ndim != 1 or labels.shape[0] != alpha.shape[0]:
        raise ValueError(f"{alpha.shape[0]} images, but labels of shape {tuple(labels.shape)}")
    values = (labels + 1).view(-1, 1, 1).expand(alpha.shape)
    return torch.where(alpha > 127, values, torch.zeros_like(values))
