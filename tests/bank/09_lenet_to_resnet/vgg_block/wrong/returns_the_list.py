# mistake: none
from torch import nn


def vgg_block(n, c_in, c_out):
    layers = []
    for i in range(n):
        layers += [nn.Conv2d(c_in, c_out, 3, padding=1), nn.ReLU()]
        c_in = c_out
    layers.append(nn.MaxPool2d(2))
    return layers
