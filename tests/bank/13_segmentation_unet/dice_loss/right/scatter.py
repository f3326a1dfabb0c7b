import torch


def dice_loss(logits, masks, eps=1e-6):
    if masks.ndim != 3 or masks.shape[1:] != logits.shape[2:] or len(masks) != len(logits):
        raise ValueError("shape of masks")
    p = logits.log_softmax(dim=1).exp()
    t = torch.zeros_like(p).scatter_(1, masks.unsqueeze(1), 1.0)
    p, t = p.flatten(2), t.flatten(2)
    dice = (2.0 * (p * t).sum(-1).sum(0) + eps).div(p.sum(-1).sum(0) + t.sum(-1).sum(0) + eps)
    return -dice.mean() + 1.0
