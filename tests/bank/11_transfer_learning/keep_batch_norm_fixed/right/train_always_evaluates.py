import torch
from torch import nn


def keep_batch_norm_fixed(model):
    def train(self, mode=True):
        return nn.Module.train(self, False)

    for layer in model.modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm):
            layer.train = train.__get__(layer)
            layer.train()
    return model
