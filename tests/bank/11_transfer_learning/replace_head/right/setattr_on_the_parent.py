import torch
from torch import nn


def head_name(model):
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]


def replace_head(model, classes):
    """Works through the parent module."""
    parent_name, _, attribute = head_name(model).rpartition(".")
    parent = model.get_submodule(parent_name)
    old = getattr(parent, attribute)
    new = nn.Linear(old.weight.shape[1], classes, bias=old.bias is not None)
    setattr(parent, attribute, new.to(old.weight))
    return model
