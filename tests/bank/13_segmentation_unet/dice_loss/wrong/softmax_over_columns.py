# mistake: wrong_axis
import torch
import torch.nn.functional as F


def dice_loss(logits, masks, eps=1e-6):
    if masks.shape != logits[:, 0].shape:
        raise ValueError("masks")
    p = F.softmax(logits, -1)
    t = F.one_hot(masks, logits.shape[1]).permute(0, 3, 1, 2)
    return 1 - ((2 * (p * t).sum((0, 2, 3)) + eps) / (p.sum((0, 2, 3)) + t.sum((0, 2, 3)) + eps)).mean()
