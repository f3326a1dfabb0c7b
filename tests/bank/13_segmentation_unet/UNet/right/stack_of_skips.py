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
        self.upsample = nn.ConvTranspose2d(c_in, c_out, kernel_size=(2, 2), stride=(2, 2))
        self.fuse = DoubleConv(c_out + c_out, c_out)

    def forward(self, x, skip):
        small = self.upsample(x)
        n, c, h, w = skip.shape
        large = small.new_zeros(n, c, h, w)
        large[:, :, : small.shape[2], : small.shape[3]] = small
        return self.fuse(torch.cat((skip, large), 1))


class UNet(nn.Module):
    def __init__(self, c_in, classes, width=16, depth=3):
        super().__init__()
        self.encoder = nn.ModuleList()
        self.decoder = nn.ModuleList()
        for i in range(depth + 1):
            self.encoder.append(DoubleConv(c_in, width << i))
            c_in = width << i
        for i in range(depth, 0, -1):
            self.decoder.append(Up(width << i, width << (i - 1)))
        self.head = nn.Conv2d(width, classes, kernel_size=1)
        self.pool = nn.MaxPool2d(2)

    def forward(self, x):
        skips = []
        for block in self.encoder[:-1]:
            x = block(x)
            skips.insert(0, x)
            x = self.pool(x)
        x = self.encoder[-1](x)
        for block, skip in zip(self.decoder, skips):
            x = block(x, skip)
        return self.head(x)
