import torch
import torch.nn as nn
import torch.nn.functional as F


def gradient_norms(model, x, y):
    import copy

    clone = copy.deepcopy(model)
    clone.zero_grad()
    F.cross_entropy(clone(x), y).backward()
    return [m.weight.grad.norm().item() for m in clone.modules() if isinstance(m, nn.Conv2d)]
