# mistake: batch_norm_in_train_mode
import torch
from torch import nn


def keep_batch_norm_fixed(model):
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            for p in module.parameters():
                p.requires_grad = False
    return model
