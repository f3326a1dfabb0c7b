# mistake: eval_for_freeze
import torch
from torch import nn


def head_name(model):
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]


def freeze(model, except_head=True):
    model.eval()
    if except_head:
        model.get_submodule(head_name(model)).train()
    return model
