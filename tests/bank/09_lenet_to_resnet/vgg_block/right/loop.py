from torch import nn


def vgg_block(n, c_in, c_out):
    layers = []
    for _ in range(n):
        layers.append(nn.Conv2d(c_in, c_out, kernel_size=3, padding=1))
        layers.append(nn.ReLU(inplace=True))
        c_in = c_out
    layers.append(nn.MaxPool2d(kernel_size=2, stride=2))
    return nn.Sequential(*layers)
