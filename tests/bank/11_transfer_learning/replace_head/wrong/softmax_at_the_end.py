# mistake: softmax_in_model
import torch
from torch import nn


def head_name(model):
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]


def replace_head(model, classes):
    name = head_name(model)
    old = model.get_submodule(name)
    new = nn.Sequential(nn.Linear(old.in_features, classes), nn.Softmax(dim=-1))
    model.set_submodule(name, new.to(old.weight.device, old.weight.dtype))
    return model
