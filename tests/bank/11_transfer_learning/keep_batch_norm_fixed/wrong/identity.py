# mistake: batch_norm_removed
import torch
from torch import nn


def keep_batch_norm_fixed(model):
    for name, module in list(model.named_modules()):
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            model.set_submodule(name, nn.Identity())
    return model
