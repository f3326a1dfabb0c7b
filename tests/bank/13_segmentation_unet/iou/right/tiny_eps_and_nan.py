import torch


def iou(logits, masks):
    if masks.ndim != 3 or masks.shape[0] != logits.shape[0] or masks.shape[1:] != logits.shape[2:]:
        raise ValueError("wrong shape")
    classes = logits.size(1)
    if masks.max() >= classes or masks.min() < 0:
        raise ValueError("wrong class")
    pred = logits.softmax(1).argmax(1)
    result = torch.full((classes,), float("nan"), dtype=logits.dtype, device=logits.device)
    for c in range(classes):
        intersection = ((pred == c) * (masks == c)).sum().float()
        union = (pred == c).sum() + (masks == c).sum() - intersection
        if union > 0:
            result[c] = intersection / (union + 1e-7)
    return result
