# mistake: classes_not_averaged
import torch
import torch.nn.functional as F


def dice_loss(logits, masks, eps=1e-6):
    if masks.shape != logits[:, 0].shape:
        raise ValueError("masks")
    p = logits.softmax(1)
    t = F.one_hot(masks, logits.shape[1]).movedim(-1, 1).to(p)
    return 1 - (2 * (p * t).sum((0, 2, 3)) + eps) / (p.sum((0, 2, 3)) + t.sum((0, 2, 3)) + eps)
