# mistake: gradient_cut
import torch


def dice_loss(logits, masks, eps=1e-6):
    if masks.shape != logits[:, 0].shape:
        raise ValueError("masks")
    p = logits.softmax(1)
    values = []
    for c in range(logits.shape[1]):
        t = masks == c
        values.append((2 * p[:, c][t].sum().item() + eps) / (p[:, c].sum().item() + t.sum().item() + eps))
    return torch.tensor(1 - sum(values) / len(values), dtype=logits.dtype)
