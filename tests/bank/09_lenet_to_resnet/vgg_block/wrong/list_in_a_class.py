# mistake: layers_not_registered
import torch.nn.functional as F
from torch import nn


class VGGBlock(nn.Module):
    def __init__(self, n, c_in, c_out):
        super().__init__()
        self.convs = []
        for i in range(n):
            self.convs.append(nn.Conv2d(c_in if i == 0 else c_out, c_out, 3, padding=1))

    def forward(self, x):
        for conv in self.convs:
            x = F.relu(conv(x))
        return F.max_pool2d(x, 2)


def vgg_block(n, c_in, c_out):
    return VGGBlock(n, c_in, c_out)
