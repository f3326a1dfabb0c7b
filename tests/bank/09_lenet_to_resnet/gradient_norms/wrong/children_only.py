# mistake: nested_layers_missed
import torch
import torch.nn as nn
import torch.nn.functional as F


def gradient_norms(model, x, y):
    ws = [m.weight for m in model.children() if isinstance(m, nn.Conv2d)]
    loss = F.cross_entropy(model(x), y)
    return [g.norm().item() for g in torch.autograd.grad(loss, ws)] if ws else []
