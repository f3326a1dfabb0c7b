import torch
from torch import nn


def replace_head(model, classes):
    found = None
    for parent in model.modules():
        for name, child in parent.named_children():
            if isinstance(child, nn.Linear):
                found = parent, name, child
    parent, name, old = found
    with torch.device(old.weight.device):
        parent._modules[name] = nn.Linear(old.in_features, classes, dtype=old.weight.dtype)
    return model
