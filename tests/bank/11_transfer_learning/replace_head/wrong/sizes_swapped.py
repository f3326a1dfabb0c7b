# mistake: features_classes_swapped
import torch
from torch import nn


def head_name(model):
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]


def replace_head(model, classes):
    name = head_name(model)
    old = model.get_submodule(name)
    model.set_submodule(name, nn.Linear(classes, old.in_features, device=old.weight.device, dtype=old.weight.dtype))
    return model
