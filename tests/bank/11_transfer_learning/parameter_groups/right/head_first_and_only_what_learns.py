import torch
from torch import nn


def head_name(model):
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]


def parameter_groups(model, body_lr, head_lr):
    head = list(model.get_submodule(head_name(model)).parameters())
    own = {id(p) for p in head}
    body = [p for p in model.parameters() if id(p) not in own and p.requires_grad]
    return [dict(params=head, lr=head_lr), dict(params=body, lr=body_lr)]
