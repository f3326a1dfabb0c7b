# mistake: locked_in_train_mode
import torch
from torch import nn


def keep_batch_norm_fixed(model):
    def nothing(mode=True):
        pass

    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.train = nothing
    return model
