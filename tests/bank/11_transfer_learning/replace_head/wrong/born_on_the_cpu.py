# mistake: device_ignored
import torch
from torch import nn


def head_name(model):
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]


def replace_head(model, classes):
    name = head_name(model)
    model.set_submodule(name, nn.Linear(model.get_submodule(name).in_features, classes))
    return model
