import torch
import torch.nn.functional as F
from torch import nn


class InceptionBlock(nn.Module):
    """Keeps the output in one array that is filled branch by branch."""

    def __init__(self, c_in, c1, c3, c5, cp):
        super().__init__()
        self.widths = [c1, c3[1], c5[1], cp]
        self.reduce = nn.ModuleList([nn.Conv2d(c_in, c, 1) for c in (c1, c3[0], c5[0], cp)])
        self.wide = nn.ModuleList([nn.Conv2d(c3[0], c3[1], 3, padding=1), nn.Conv2d(c5[0], c5[1], 5, padding=2)])

    def forward(self, x):
        inputs = [x, x, x, F.max_pool2d(x, 3, 1, 1)]
        narrow = [F.relu(conv(i)) for conv, i in zip(self.reduce, inputs)]
        parts = [narrow[0], F.relu(self.wide[0](narrow[1])), F.relu(self.wide[1](narrow[2])), narrow[3]]
        y = x.new_zeros(x.shape[0], sum(self.widths), *x.shape[2:])
        start = 0
        for part, width in zip(parts, self.widths):
            y[:, start : start + width] = part
            start += width
        return y
