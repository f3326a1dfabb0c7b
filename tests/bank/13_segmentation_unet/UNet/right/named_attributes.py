import torch
from torch import nn
from torch.nn import functional as F


class DoubleConv(nn.Module):
    def __init__(self, c_in, c_out):
        super().__init__()
        self.conv1 = nn.Conv2d(c_in, c_out, kernel_size=3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(c_out)
        self.conv2 = nn.Conv2d(c_out, c_out, kernel_size=3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(c_out)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.relu(self.bn2(self.conv2(x)))
        return x


class Up(nn.Module):
    def __init__(self, c_in, c_out):
        super().__init__()
        self.up = nn.ConvTranspose2d(c_in, c_out, 2, stride=2)
        self.conv = DoubleConv(2 * c_out, c_out)

    def forward(self, x, skip):
        x = self.up(x)
        dy = skip.shape[2] - x.shape[2]
        dx = skip.shape[3] - x.shape[3]
        x = F.pad(x, (0, dx, 0, dy))
        return self.conv(torch.cat([skip, x], dim=1))


class UNet(nn.Module):
    def __init__(self, c_in, classes, width=16, depth=3):
        super().__init__()
        self.depth = depth
        channels = [width * 2**i for i in range(depth + 1)]
        self.level0 = DoubleConv(c_in, channels[0])
        for i in range(1, depth + 1):
            setattr(self, f"level{i}", nn.Sequential(nn.MaxPool2d(2), DoubleConv(channels[i - 1], channels[i])))
            setattr(self, f"up{i}", Up(channels[i], channels[i - 1]))
        self.weight = nn.Parameter(torch.randn(classes, width, 1, 1) / width**0.5)
        self.bias = nn.Parameter(torch.zeros(classes))

    def forward(self, x):
        kept = [self.level0(x)]
        for i in range(1, self.depth + 1):
            kept.append(getattr(self, f"level{i}")(kept[-1]))
        x = kept.pop()
        for i in range(self.depth, 0, -1):
            x = getattr(self, f"up{i}")(x, kept.pop())
        return F.conv2d(x, self.weight, self.bias)
