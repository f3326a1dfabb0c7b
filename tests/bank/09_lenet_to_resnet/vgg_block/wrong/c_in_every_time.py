# mistake: channels_not_handed_on
from torch import nn


def vgg_block(n, c_in, c_out):
    net = nn.Sequential()
    for i in range(n):
        net.add_module(f"conv{i}", nn.Conv2d(c_in, c_out, 3, padding=1))
        net.add_module(f"relu{i}", nn.ReLU())
    net.add_module("pool", nn.MaxPool2d(2))
    return net
