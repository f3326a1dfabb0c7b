# mistake: sum_not_mean
import torch
import torch.nn as nn
import torch.nn.functional as F


def gradient_norms(model, x, y):
    ws = [m.weight for m in model.modules() if isinstance(m, nn.Conv2d)]
    loss = F.cross_entropy(model(x), y, reduction="sum")
    return [g.norm().item() for g in torch.autograd.grad(loss, ws)]
