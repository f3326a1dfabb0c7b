# mistake: batch_norm_added
import torch
import torch.nn.functional as F
from torch import nn


class InceptionBlock(nn.Module):
    def __init__(self, c_in, c1, c3, c5, cp):
        super().__init__()
        def conv(a, b, k):
            return nn.Sequential(nn.Conv2d(a, b, k, padding=k // 2, bias=False), nn.BatchNorm2d(b), nn.ReLU(inplace=True))

        self.b1 = conv(c_in, c1, 1)
        self.b2 = nn.Sequential(conv(c_in, c3[0], 1), conv(c3[0], c3[1], 3))
        self.b3 = nn.Sequential(conv(c_in, c5[0], 1), conv(c5[0], c5[1], 5))
        self.b4 = nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), conv(c_in, cp, 1))

    def forward(self, x):
        return torch.cat([self.b1(x), self.b2(x), self.b3(x), self.b4(x)], dim=1)
