# mistake: none
import torch
from torch import nn


def keep_batch_norm_fixed(model):
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.reset_running_stats()
            module.eval()
            module.train = lambda mode=True, module=module: module
    return model
