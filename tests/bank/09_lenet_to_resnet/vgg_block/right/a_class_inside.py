import torch
import torch.nn.functional as F
from torch import nn


class Block(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(a, b, 3, padding="same") for a, b in zip(channels, channels[1:]))

    def forward(self, x):
        for conv in self.convs:
            x = torch.relu(conv(x))
        return F.max_pool2d(x, 2)


def vgg_block(n, c_in, c_out):
    return Block([c_in] + n * [c_out])
