# mistake: softmax_twice
import torch
import torch.nn as nn
import torch.nn.functional as F


def gradient_norms(model, x, y):
    ws = [m.weight for m in model.modules() if isinstance(m, nn.Conv2d)]
    loss = F.cross_entropy(F.softmax(model(x), dim=1), y)
    return [g.norm().item() for g in torch.autograd.grad(loss, ws)]
