# mistake: head_missing
import torch
from torch import nn


def head_name(model):
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]


def parameter_groups(model, body_lr, head_lr):
    head = model.get_submodule(head_name(model)).parameters()
    ids = [id(p) for p in head]
    body = [p for p in model.parameters() if id(p) not in ids]
    return [{"params": body, "lr": body_lr}, {"params": head, "lr": head_lr}]
