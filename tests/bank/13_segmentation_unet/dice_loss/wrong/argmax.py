# mistake: hard_for_soft
import torch
import torch.nn.functional as F


def dice_loss(logits, masks, eps=1e-6):
    if masks.shape != logits[:, 0].shape:
        raise ValueError("masks")
    k = logits.shape[1]
    p = F.one_hot(logits.argmax(1), k).to(logits.dtype)
    t = F.one_hot(masks, k).to(logits.dtype)
    dice = (2 * (p * t).sum((0, 1, 2)) + eps) / (p.sum((0, 1, 2)) + t.sum((0, 1, 2)) + eps)
    return 1 - dice.mean()
