# mistake: every_linear_is_head
import torch
from torch import nn


def freeze(model, except_head=True):
    model.requires_grad_(False)
    if except_head:
        for module in model.modules():
            if isinstance(module, nn.Linear):
                module.requires_grad_(True)
    return model
