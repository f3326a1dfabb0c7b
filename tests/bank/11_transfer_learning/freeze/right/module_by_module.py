import torch
from torch import nn


def head_name(model):
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]


def freeze(model, except_head=True):
    head = model.get_submodule(head_name(model))
    for module in model.modules():
        for p in module.parameters(recurse=False):
            p.requires_grad = bool(except_head) and module is head
    return model
