# mistake: returns_nothing
import torch
import torch.nn as nn
import torch.nn.functional as F


def gradient_norms(model, x, y):
    ws = [m.weight for m in model.modules() if isinstance(m, nn.Conv2d)]
    for g in torch.autograd.grad(F.cross_entropy(model(x), y), ws):
        print(g.norm().item())
