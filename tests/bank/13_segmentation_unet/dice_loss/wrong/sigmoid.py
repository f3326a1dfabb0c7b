# mistake: sigmoid_for_softmax
import torch
import torch.nn.functional as F


def dice_loss(logits, masks, eps=1e-6):
    if masks.shape != logits[:, 0].shape:
        raise ValueError("masks")
    p = torch.sigmoid(logits).transpose(0, 1).flatten(1)
    t = F.one_hot(masks, logits.shape[1]).movedim(-1, 0).flatten(1)
    return (1 - (2 * (p * t).sum(1) + eps) / (p.sum(1) + t.sum(1) + eps)).mean()
