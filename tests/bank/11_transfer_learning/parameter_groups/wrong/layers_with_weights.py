# mistake: batch_norm_missing
import torch
from torch import nn


def head_name(model):
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]


def parameter_groups(model, body_lr, head_lr):
    head = model.get_submodule(head_name(model))
    body = []
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)) and module is not head:
            body += list(module.parameters())
    return [{"params": body, "lr": body_lr}, {"params": list(head.parameters()), "lr": head_lr}]
