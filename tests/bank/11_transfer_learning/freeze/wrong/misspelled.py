# mistake: nothing_frozen
import torch
from torch import nn


def head_name(model):
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]


def freeze(model, except_head=True):
    for name, parameter in model.named_parameters():
        parameter.require_grad = except_head and name.startswith(head_name(model))
    return model
