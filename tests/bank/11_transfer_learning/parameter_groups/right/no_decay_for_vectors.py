import torch
from torch import nn


def head_name(model):
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]


def parameter_groups(model, body_lr, head_lr):
    prefix = head_name(model)
    groups = {}
    for name, p in model.named_parameters():
        lr = head_lr if name.startswith(prefix + ".") else body_lr
        groups.setdefault((lr, p.ndim > 1), []).append(p)
    return [{"params": ps, "lr": lr, "weight_decay": 0.01 if matrix else 0.0} for (lr, matrix), ps in groups.items()]
