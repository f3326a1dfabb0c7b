# mistake: layers_not_registered
from torch import nn


class DoubleConv(nn.Module):
    def __init__(self, c_in, c_out):
        super().__init__()
        self.layers = []
        for c in (c_in, c_out):
            self.layers += [nn.Conv2d(c, c_out, 3, padding=1, bias=False), nn.BatchNorm2d(c_out), nn.ReLU()]

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x
