# mistake: classes_pooled
import torch
import torch.nn.functional as F


def dice_loss(logits, masks, eps=1e-6):
    if masks.shape != logits[:, 0].shape:
        raise ValueError("masks")
    p = logits.softmax(1).reshape(-1)
    t = F.one_hot(masks, logits.shape[1]).permute(0, 3, 1, 2).reshape(-1)
    return 1 - (2 * torch.sum(p * t) + eps) / (p.sum() + t.sum() + eps)
