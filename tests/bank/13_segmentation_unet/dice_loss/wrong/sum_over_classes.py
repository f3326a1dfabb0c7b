# mistake: sum_not_mean
import torch


def dice_loss(logits, masks, eps=1e-6):
    if masks.shape != logits[:, 0].shape:
        raise ValueError("masks")
    p = logits.softmax(1)
    loss = 0
    for c in range(logits.shape[1]):
        t = (masks == c).to(p)
        loss = loss + 1 - (2 * (p[:, c] * t).sum() + eps) / (p[:, c].sum() + t.sum() + eps)
    return loss
