import torch


def cutmix(x, y, box, permutation):
    top, left, height, width = box
    if height < 0 or width < 0:
        raise ValueError("box")
    if len(y) != len(x) or sorted(permutation.tolist()) != list(range(len(x))):
        raise ValueError("labels or permutation")
    r = torch.arange(x.shape[2], device=x.device)[:, None]
    k = torch.arange(x.shape[3], device=x.device)[None]
    inside = (r >= top) & (r < top + height) & (k >= left) & (k < left + width)
    share = inside.sum().item() / inside.numel()
    return torch.where(inside, x[permutation], x), y * (1 - share) + y[permutation] * share
