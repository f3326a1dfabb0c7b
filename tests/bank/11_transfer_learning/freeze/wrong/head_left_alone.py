# mistake: head_not_thawed
import torch
from torch import nn


def head_name(model):
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]


def freeze(model, except_head=True):
    prefix = head_name(model)
    for name, parameter in model.named_parameters():
        if except_head and name.startswith(prefix):
            continue
        parameter.requires_grad = False
    return model
