# mistake: biases_missing
import torch
from torch import nn


def head_name(model):
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]


def parameter_groups(model, body_lr, head_lr):
    prefix = head_name(model) + "."
    weights = [(n, p) for n, p in model.named_parameters() if n.endswith("weight")]
    return [
        {"params": [p for n, p in weights if not n.startswith(prefix)], "lr": body_lr},
        {"params": [p for n, p in weights if n.startswith(prefix)], "lr": head_lr},
    ]
