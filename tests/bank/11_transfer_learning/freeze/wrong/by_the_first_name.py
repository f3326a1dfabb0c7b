# mistake: classifier_for_head
import torch
from torch import nn


def head_name(model):
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]


def freeze(model, except_head=True):
    top = head_name(model).split(".")[0]
    for name, parameter in model.named_parameters():
        parameter.requires_grad = except_head and name.split(".")[0] == top
    return model
