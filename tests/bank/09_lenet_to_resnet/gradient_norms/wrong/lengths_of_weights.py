# mistake: weights_for_gradients
import torch
import torch.nn as nn
import torch.nn.functional as F


def gradient_norms(model, x, y):
    return [m.weight.norm().item() for m in model.modules() if isinstance(m, nn.Conv2d)]
