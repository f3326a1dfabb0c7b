# mistake: order_reversed
import torch
import torch.nn as nn
import torch.nn.functional as F


def gradient_norms(model, x, y):
    ws = [m.weight for m in reversed(list(model.modules())) if isinstance(m, nn.Conv2d)]
    grads = torch.autograd.grad(F.cross_entropy(model(x), y), ws)
    return [g.norm().item() for g in grads]
