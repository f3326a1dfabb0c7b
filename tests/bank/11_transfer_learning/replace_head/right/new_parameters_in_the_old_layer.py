import torch
from torch import nn


def head_name(model):
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]


def replace_head(model, classes):
    head = model.get_submodule(head_name(model))
    head.out_features = classes
    weight = head.weight.new_empty(classes, head.in_features)
    nn.init.kaiming_uniform_(weight, a=5**0.5)
    head.weight = nn.Parameter(weight)
    head.bias = nn.Parameter(weight.new_zeros(classes))
    return model
