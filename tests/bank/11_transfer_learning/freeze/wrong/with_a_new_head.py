# mistake: head_rebuilt
import torch
from torch import nn


def head_name(model):
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]


def freeze(model, except_head=True):
    for p in model.parameters():
        p.requires_grad = False
    if except_head:
        name = head_name(model)
        old = model.get_submodule(name)
        model.set_submodule(name, nn.Linear(old.in_features, old.out_features).to(old.weight))
    return model
