# mistake: background_left_out
import torch


def dice_loss(logits, masks, eps=1e-6):
    if masks.shape != logits[:, 0].shape:
        raise ValueError("masks")
    p = logits.softmax(1)
    dice = []
    for c in range(1, logits.shape[1]):
        t = (masks == c).to(p.dtype)
        dice.append((2 * (p[:, c] * t).sum() + eps) / (p[:, c].sum() + t.sum() + eps))
    return 1 - torch.stack(dice).mean()
