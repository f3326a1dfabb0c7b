# mistake: mode_changed
import torch
import torch.nn as nn
import torch.nn.functional as F


def gradient_norms(model, x, y):
    model.train()
    ws = [m.weight for m in model.modules() if isinstance(m, nn.Conv2d)]
    grads = torch.autograd.grad(F.cross_entropy(model(x), y), ws)
    norms = []
    for g in grads:
        norms.append(g.norm().item())
    return norms
