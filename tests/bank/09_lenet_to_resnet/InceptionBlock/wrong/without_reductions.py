# mistake: reduction_missing
import torch
import torch.nn.functional as F
from torch import nn


class InceptionBlock(nn.Module):
    def __init__(self, c_in, c1, c3, c5, cp):
        super().__init__()
        self.b1 = nn.Conv2d(c_in, c1, 1)
        self.b2 = nn.Conv2d(c_in, c3[1], 3, padding=1)
        self.b3 = nn.Conv2d(c_in, c5[1], 5, padding=2)
        self.b4 = nn.Conv2d(c_in, cp, 1)
        self.pool = nn.MaxPool2d(3, 1, 1)

    def forward(self, x):
        return F.relu(torch.cat([self.b1(x), self.b2(x), self.b3(x), self.b4(self.pool(x))], 1))
