import torch
from torch import nn


def head_name(model):
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]


def freeze(model, except_head=True):
    head = model.get_submodule(head_name(model))
    for param in model.parameters():
        param.requires_grad = False
    if except_head:
        for param in head.parameters():
            param.requires_grad = True
    return model
