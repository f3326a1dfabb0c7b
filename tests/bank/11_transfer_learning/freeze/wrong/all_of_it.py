# mistake: head_frozen_too
import torch
from torch import nn


def freeze(model, except_head=True):
    for param in model.parameters():
        param.requires_grad = False
    return model
