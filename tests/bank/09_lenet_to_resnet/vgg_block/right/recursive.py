from torch import nn


def vgg_block(n, c_in, c_out):
    if n == 0:
        return nn.MaxPool2d(2)
    return nn.Sequential(nn.Conv2d(c_in, c_out, 3, 1, 1), nn.ReLU(), vgg_block(n - 1, c_out, c_out))
