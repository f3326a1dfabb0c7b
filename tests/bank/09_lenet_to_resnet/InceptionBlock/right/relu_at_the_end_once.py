import torch
from torch import nn


class InceptionBlock(nn.Module):
    def __init__(self, c_in, c1, c3, c5, cp):
        super().__init__()
        # called in another order than registered, the pooled branch first
        self.one = nn.Conv2d(c_in, c1, 1)
        self.three = nn.Sequential(nn.Conv2d(c_in, c3[0], 1), nn.ReLU(True), nn.Conv2d(*c3, 3, padding="same"))
        self.five = nn.Sequential(nn.Conv2d(c_in, c5[0], 1), nn.ReLU(True), nn.Conv2d(*c5, 5, padding="same"))
        self.pooled = nn.Sequential(nn.MaxPool2d(3, 1, 1), nn.Conv2d(c_in, cp, 1))

    def forward(self, x):
        pooled, five, three, one = self.pooled(x), self.five(x), self.three(x), self.one(x)
        return torch.relu(torch.cat([one, three, five, pooled], dim=-3))
