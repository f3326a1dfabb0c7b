# mistake: argmax_in_model
import torch
import torch.nn as nn
import torch.nn.functional as F


class DoubleConv(nn.Module):
    def __init__(self, c_in, c_out):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(c_in, c_out, 3, padding=1, bias=False),
            nn.BatchNorm2d(c_out),
            nn.ReLU(inplace=True),
            nn.Conv2d(c_out, c_out, 3, padding=1, bias=False),
            nn.BatchNorm2d(c_out),
            nn.ReLU(inplace=True),
        )

    def forward(self, x):
        return self.net(x)


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
        self.inc = DoubleConv(c_in, width)
        self.down = nn.ModuleList([DoubleConv(width * 2**i, width * 2 ** (i + 1)) for i in range(depth)])
        self.up = nn.ModuleList([Up(width * 2 ** (i + 1), width * 2**i) for i in range(depth)])
        self.out = nn.Conv2d(width, classes, 1)

    def forward(self, x):
        x = self.inc(x)
        skips = []
        for i in range(self.depth):
            skips.append(x)
            x = self.down[i](F.max_pool2d(x, 2))
        for i in reversed(range(self.depth)):
            x = self.up[i](x, skips[i])
        return self.out(x).argmax(dim=1)
