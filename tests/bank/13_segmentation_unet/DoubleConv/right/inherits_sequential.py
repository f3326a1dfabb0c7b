from torch import nn


def stage(c_in, c_out):
    return nn.Conv2d(c_in, c_out, (3, 3), (1, 1), (1, 1), bias=False), nn.BatchNorm2d(c_out), nn.ReLU()


class DoubleConv(nn.Sequential):
    def __init__(self, c_in, c_out):
        super().__init__(*stage(c_in, c_out), *stage(c_out, c_out))
