# mistake: gradients_cleared
import torch
import torch.nn as nn
import torch.nn.functional as F


def gradient_norms(model, x, y):
    model.zero_grad()
    F.cross_entropy(model(x), y).backward()
    norms = [m.weight.grad.norm().item() for m in model.modules() if isinstance(m, nn.Conv2d)]
    model.zero_grad()
    return norms
