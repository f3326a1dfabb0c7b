# mistake: iou_for_dice
import torch
import torch.nn.functional as F


def dice_loss(logits, masks, eps=1e-6):
    if masks.shape != logits[:, 0].shape:
        raise ValueError("masks")
    p = logits.softmax(1)
    t = F.one_hot(masks, logits.shape[1]).movedim(-1, 1).to(p)
    both = (p * t).sum((0, 2, 3))
    return 1 - ((both + eps) / ((p + t).sum((0, 2, 3)) - both + eps)).mean()
