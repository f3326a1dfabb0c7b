import torch
import torch.nn as nn
import torch.nn.functional as F


class PreActivationBlock(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm1 = nn.BatchNorm2d(channels)
        self.norm2 = nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)

    def forward(self, x):
        identity = x
        x = F.relu(self.norm1(x))
        x = self.conv1(x)
        x = F.relu(self.norm2(x))
        x = self.conv2(x)
        x += identity
        return x
