import torch
from torch import nn


def fixed_class(cls):
    class Fixed(cls):
        def train(self, mode=True):
            return super().train(False)

    return Fixed


def keep_batch_norm_fixed(model):
    for module in model.modules():
        if "BatchNorm" in type(module).__name__:
            module.__class__ = fixed_class(type(module))
            module.eval()
    return model
