# mistake: old_classes_for_features
import torch
from torch import nn


def head_name(model):
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]


def replace_head(model, classes):
    name = head_name(model)
    old = model.get_submodule(name)
    inputs = old.weight.shape[0]  # thought to be the features
    model.set_submodule(name, nn.Linear(inputs, classes).to(old.weight))
    return model
