# mistake: pool_forgotten
from torch import nn


def vgg_block(n, c_in, c_out):
    layers = [nn.Conv2d(c_in, c_out, 3, padding=1), nn.ReLU()]
    for _ in range(n - 1):
        layers += [nn.Conv2d(c_out, c_out, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers)
