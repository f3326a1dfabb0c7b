import torch
from torch import nn


def head_name(model):
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]


def parameter_groups(model, body_lr, head_lr):
    prefix = head_name(model) + "."
    return [
        {"params": [p], "lr": head_lr if name.startswith(prefix) else body_lr}
        for name, p in model.named_parameters()
        if p.requires_grad
    ]
