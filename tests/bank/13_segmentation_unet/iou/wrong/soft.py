# mistake: soft_for_hard
import torch
import torch.nn.functional as F


def iou(logits, masks):
    p = logits.softmax(1)
    t = F.one_hot(masks % logits.shape[1], logits.shape[1]).permute(0, 3, 1, 2).to(p)
    both = (p * t).sum((0, 2, 3))
    return both / (p + t - p * t).sum((0, 2, 3))
