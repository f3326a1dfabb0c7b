# mistake: bias_added
import torch
import torch.nn as nn
import torch.nn.functional as F


class PreActivationBlock(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm1 = nn.BatchNorm2d(channels)
        self.norm2 = nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        y = F.relu(self.norm1(x))
        y = self.conv1(y)
        y = self.conv2(F.relu(self.norm2(y)))
        return x + y
