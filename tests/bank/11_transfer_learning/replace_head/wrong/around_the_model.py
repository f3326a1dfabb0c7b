# mistake: head_kept
import torch
from torch import nn


def head_name(model):
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]


def replace_head(model, classes):
    old = model.get_submodule(head_name(model))
    return nn.Sequential(model, nn.Linear(old.out_features, classes, device=old.weight.device, dtype=old.weight.dtype))
