# mistake: none
import torch


def horizontal_flip(x, mask):
    y = []
    for i, m in enumerate(mask[:len(x)]):
        y.append(x[i].flip(-1) if m else x[i])
    return torch.stack(y)
