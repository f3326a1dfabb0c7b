import torch


def mask_from_alpha(alpha, labels=None):
    if labels is not None and len(labels) != len(alpha):
        raise ValueError("one label for each image, please")
    masks = []
    for i, a in enumerate(alpha):
        mask = torch.zeros(a.shape, dtype=torch.long, device=alpha.device)
        mask[a >= 128] = 1 if labels is None else int(labels[i]) + 1
        masks.append(mask)
    return torch.stack(masks)
