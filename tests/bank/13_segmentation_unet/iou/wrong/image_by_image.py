# mistake: mean_over_images
import torch


def iou(logits, masks):
    n, k, h, w = logits.shape
    if masks.shape != (n, h, w) or masks.min() < 0 or masks.max() >= k:
        raise ValueError("masks do not fit")
    rows = []
    for one, mask in zip(logits.argmax(1), masks):
        rows.append(torch.stack([((one == c) & (mask == c)).sum() / ((one == c) | (mask == c)).sum() for c in range(k)]))
    return torch.stack(rows).nanmean(0)
