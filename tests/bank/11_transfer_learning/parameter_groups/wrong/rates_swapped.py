# mistake: lr_swapped
import torch
from torch import nn


def head_name(model):
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]


def parameter_groups(model, body_lr, head_lr):
    prefix = head_name(model) + "."
    body = [p for n, p in model.named_parameters() if not n.startswith(prefix)]
    head = [p for n, p in model.named_parameters() if n.startswith(prefix)]
    return [{"params": body, "lr": head_lr}, {"params": head, "lr": body_lr}]
