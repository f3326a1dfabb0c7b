# mistake: nested_layers_missed
import torch
from torch import nn


def keep_batch_norm_fixed(model):
    for module in model.children():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()
            module.train = lambda mode=True, module=module: module
    return model
