# mistake: batch_norm_trainable
import torch
from torch import nn


def head_name(model):
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]


def freeze(model, except_head=True):
    for module in model.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            continue
        for p in module.parameters(recurse=False):
            p.requires_grad = False
    for p in model.get_submodule(head_name(model)).parameters():
        p.requires_grad = except_head
    return model
