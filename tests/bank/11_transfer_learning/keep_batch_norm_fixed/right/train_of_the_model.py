import torch
from torch import nn


def keep_batch_norm_fixed(model):
    original = model.train

    def train(mode=True):
        original(mode)
        for m in model.modules():
            if isinstance(m, nn.modules.batchnorm._BatchNorm):
                m.eval()
        return model

    model.train = train
    for m in model.modules():
        if isinstance(m, nn.modules.batchnorm._BatchNorm):
            m.eval()
    return model
