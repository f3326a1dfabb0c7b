# mistake: activation_missing
from torch import nn


def vgg_block(n, c_in, c_out):
    convs = [nn.Conv2d(c_in if i == 0 else c_out, c_out, 3, padding=1) for i in range(n)]
    return nn.Sequential(*convs, nn.ReLU(), nn.MaxPool2d(2))
