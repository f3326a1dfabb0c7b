# mistake: padding_ignored
from torch import nn


def vgg_block(n, c_in, c_out):
    layers = []
    for i in range(n):
        layers += [nn.Conv2d(c_in, c_out, 3), nn.ReLU()]
        c_in = c_out
    return nn.Sequential(*layers, nn.MaxPool2d(2))
