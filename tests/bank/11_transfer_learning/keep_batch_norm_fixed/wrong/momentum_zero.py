# mistake: batch_statistics_used
import torch
from torch import nn


def keep_batch_norm_fixed(model):
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.momentum = 0.0
    return model
