# mistake: pool_in_the_loop
from torch import nn


def vgg_block(n, c_in, c_out):
    layers = []
    for i in range(n):
        layers.append(nn.Conv2d(c_in, c_out, 3, padding=1))
        layers.append(nn.ReLU())
        layers.append(nn.MaxPool2d(2))
        c_in = c_out
    return nn.Sequential(*layers)
