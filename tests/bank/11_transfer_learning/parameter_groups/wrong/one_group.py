# mistake: one_lr_for_all
import torch
from torch import nn


def head_name(model):
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]


def parameter_groups(model, body_lr, head_lr):
    return [{"params": list(model.parameters()), "lr": body_lr}]
