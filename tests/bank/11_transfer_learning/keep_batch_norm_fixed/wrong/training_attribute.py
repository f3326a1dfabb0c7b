# mistake: undone_by_train
import torch
from torch import nn


def keep_batch_norm_fixed(model):
    def fix(module):
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.training = False
            module.requires_grad_(False)

    return model.apply(fix)
