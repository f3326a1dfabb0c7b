# mistake: none
import torch
from torch import nn


def head_name(model):
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]


def parameter_groups(model, body_lr, head_lr):
    head = model.get_submodule(head_name(model))
    ids = {id(p) for p in head.parameters()}
    body = [p for p in model.parameters() if id(p) not in ids]
    return torch.optim.SGD([{"params": body, "lr": body_lr}, {"params": list(head.parameters()), "lr": head_lr}], lr=0.1)
