import torch
from torch import nn


def head_name(model):
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]


def parameter_groups(model, body_lr, head_lr):
    head = model.get_submodule(head_name(model))
    in_head = set(head.parameters())
    return [
        {"params": (p for p in model.parameters() if p not in in_head), "lr": body_lr},
        {"params": head.parameters(), "lr": head_lr},
    ]
