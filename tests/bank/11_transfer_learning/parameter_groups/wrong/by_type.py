# mistake: every_linear_is_head
import torch
from torch import nn


def parameter_groups(model, body_lr, head_lr):
    head = [p for m in model.modules() if isinstance(m, nn.Linear) for p in m.parameters()]
    ids = {id(p) for p in head}
    body = [p for p in model.parameters() if id(p) not in ids]
    return [{"params": body, "lr": body_lr}, {"params": head, "lr": head_lr}]
