# mistake: dice_for_iou
import torch
import torch.nn.functional as F


def iou(logits, masks):
    if logits.shape[2:] != masks.shape[1:]:
        raise ValueError("sizes")
    k = logits.shape[1]
    p = F.one_hot(logits.argmax(1), k).flatten(0, 2).double()
    t = F.one_hot(masks, k).flatten(0, 2).double()
    return 2 * (p * t).sum(0) / (p.sum(0) + t.sum(0))
