import torch
from torch import nn


class ConvReLU(nn.Module):
    def __init__(self, *args, **kwargs):
        super().__init__()
        self.conv = nn.Conv2d(*args, **kwargs)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        return self.relu(self.conv(x))


class InceptionBlock(nn.Module):
    def __init__(self, c_in, c1, c3, c5, cp):
        super().__init__()
        (r3, k3), (r5, k5) = c3, c5
        self.branches = nn.ModuleDict(
            {
                "1x1": ConvReLU(c_in, c1, kernel_size=1),
                "3x3": nn.Sequential(ConvReLU(c_in, r3, kernel_size=1), ConvReLU(r3, k3, kernel_size=3, padding=1)),
                "5x5": nn.Sequential(ConvReLU(c_in, r5, kernel_size=1), ConvReLU(r5, k5, kernel_size=5, padding=2)),
                "pool": nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), ConvReLU(c_in, cp, kernel_size=1)),
            }
        )

    def forward(self, x):
        return torch.cat([branch(x) for branch in self.branches.values()], dim=1)
