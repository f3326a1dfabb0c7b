# mistake: head_kept
import torch
from torch import nn


def head_name(model):
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]


def replace_head(model, classes):
    name = head_name(model)
    old = model.get_submodule(name)
    new = nn.Linear(old.out_features, classes).to(old.weight.device, old.weight.dtype)
    model.set_submodule(name, nn.Sequential(old, new))
    return model
