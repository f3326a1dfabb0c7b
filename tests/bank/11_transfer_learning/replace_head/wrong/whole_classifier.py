# mistake: layers_lost
import torch
from torch import nn


def head_name(model):
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]


def replace_head(model, classes):
    name = head_name(model)
    old = model.get_submodule(name)
    setattr(model, name.split(".")[0], nn.Linear(old.in_features, classes).to(old.weight))
    return model
