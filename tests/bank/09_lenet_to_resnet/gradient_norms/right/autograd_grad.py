import torch
import torch.nn as nn
import torch.nn.functional as F


def gradient_norms(model, x, y):
    weights = [m.weight for m in model.modules() if isinstance(m, nn.Conv2d)]
    loss = nn.CrossEntropyLoss()(model(x), y)
    return [torch.linalg.vector_norm(g).item() for g in torch.autograd.grad(loss, weights)]
