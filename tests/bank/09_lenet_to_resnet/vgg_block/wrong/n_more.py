# mistake: one_layer_too_many
from torch import nn


def vgg_block(n, c_in, c_out):
    layers = [nn.Conv2d(c_in, c_out, 3, padding=1), nn.ReLU()]
    for _ in range(n):
        layers += [nn.Conv2d(c_out, c_out, 3, padding=1), nn.ReLU()]
    layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers)
