# mistake: first_linear_replaced
import torch
from torch import nn


def replace_head(model, classes):
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear):
            new = nn.Linear(module.in_features, classes)
            model.set_submodule(name, new.to(module.weight.device).to(module.weight.dtype))
            return model
