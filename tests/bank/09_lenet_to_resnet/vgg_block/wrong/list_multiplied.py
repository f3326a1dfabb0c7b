# mistake: shared_layer
from torch import nn


def vgg_block(n, c_in, c_out):
    first = [nn.Conv2d(c_in, c_out, 3, padding=1), nn.ReLU()]
    others = [nn.Conv2d(c_out, c_out, 3, padding=1), nn.ReLU()] * (n - 1)
    return nn.Sequential(*first, *others, nn.MaxPool2d(2))
