import torch
from torch import nn


def head_name(model):
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]


def parameter_groups(model, body_lr, head_lr):
    prefix = head_name(model) + "."
    body, head = [], []
    for name, parameter in model.named_parameters():
        (head if name.startswith(prefix) else body).append(parameter)
    return [{"params": body, "lr": body_lr}, {"params": head, "lr": head_lr}]
