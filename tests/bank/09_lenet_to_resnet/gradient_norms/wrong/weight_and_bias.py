# mistake: bias_counted
import torch
import torch.nn as nn
import torch.nn.functional as F


def gradient_norms(model, x, y):
    ws = [p for m in model.modules() if isinstance(m, nn.Conv2d) for p in m.parameters()]
    grads = torch.autograd.grad(F.cross_entropy(model(x), y), ws)
    return [g.norm().item() for g in grads]
