# mistake: softmax_missing
import torch
import torch.nn.functional as F


def dice_loss(logits, masks, eps=1e-6):
    if masks.shape != logits[:, 0].shape:
        raise ValueError("masks")
    t = F.one_hot(masks, logits.shape[1]).permute(0, 3, 1, 2)
    both = (logits * t).sum(dim=(0, 2, 3))
    return 1 - ((2 * both + eps) / (logits.sum(dim=(0, 2, 3)) + t.sum(dim=(0, 2, 3)) + eps)).mean()
