# mistake: mean_over_images
import torch
import torch.nn.functional as F


def dice_loss(logits, masks, eps=1e-6):
    if masks.shape != logits[:, 0].shape:
        raise ValueError("masks")
    p = logits.softmax(1).flatten(2)
    t = F.one_hot(masks, logits.shape[1]).movedim(-1, 1).flatten(2)
    dice = (2 * (p * t).sum(-1) + eps) / (p.sum(-1) + t.sum(-1) + eps)
    return 1 - dice.mean()
