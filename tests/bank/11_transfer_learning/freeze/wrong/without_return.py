# mistake: returns_nothing
import torch
from torch import nn


def head_name(model):
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]


def freeze(model, except_head=True):
    model.requires_grad_(False)
    model.get_submodule(head_name(model)).requires_grad_(except_head)
