import torch
from torch import nn


class DoubleConv(nn.Module):
    def __init__(self, c_in, c_out):
        super().__init__()
        self.convs, self.norms = nn.ModuleList(), nn.ModuleList()
        for c in (c_in, c_out):
            self.convs.append(nn.Conv2d(c, c_out, 3, padding="same", bias=False))
            self.norms.append(nn.BatchNorm2d(c_out))

    def forward(self, x):
        for conv, norm in zip(self.convs, self.norms):
            x = torch.clamp(norm(conv(x)), min=0)
        return x
