# mistake: head_rebuilt
import torch
from torch import nn


def head_name(model):
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]


def replace_head(model, classes):
    name = head_name(model)
    for param in list(model.parameters()):
        param.requires_grad = False
        old = model.get_submodule(name)
        model.set_submodule(name, nn.Linear(old.in_features, classes, device=old.weight.device, dtype=old.weight.dtype))
    return model
