# mistake: gradients_accumulated
import torch
import torch.nn as nn
import torch.nn.functional as F


def gradient_norms(model, x, y):
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    return [m.weight.grad.norm().item() for m in model.modules() if isinstance(m, nn.Conv2d)]
