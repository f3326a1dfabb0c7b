# mistake: one_dimension_forgotten
import torch
from torch import nn


def keep_batch_norm_fixed(model):
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
            module.train = lambda mode=True, module=module: module
    return model
