# mistake: out_features_renamed
import torch
from torch import nn


def head_name(model):
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]


def replace_head(model, classes):
    model.get_submodule(head_name(model)).out_features = classes
    return model
