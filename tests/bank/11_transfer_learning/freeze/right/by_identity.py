import torch
from torch import nn


def freeze(model, except_head=True):
    head = [m for m in model.modules() if isinstance(m, nn.Linear)][-1]
    learning = {id(p) for p in head.parameters()} if except_head else set()
    for p in model.parameters():
        p.requires_grad_(id(p) in learning)
    return model
