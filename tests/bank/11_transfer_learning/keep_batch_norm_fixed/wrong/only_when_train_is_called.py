# mistake: batch_norm_in_train_mode
import torch
from torch import nn


def keep_batch_norm_fixed(model):
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.train = lambda mode=True, module=module: nn.Module.train(module, False)
    return model
