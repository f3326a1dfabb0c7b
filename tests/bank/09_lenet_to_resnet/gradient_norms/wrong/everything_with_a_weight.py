# mistake: other_layers_counted
import torch
import torch.nn as nn
import torch.nn.functional as F


def gradient_norms(model, x, y):
    ws = [m.weight for m in model.modules() if hasattr(m, "weight")]
    loss = F.cross_entropy(model(x), y)
    return [g.norm().item() for g in torch.autograd.grad(loss, ws)]
