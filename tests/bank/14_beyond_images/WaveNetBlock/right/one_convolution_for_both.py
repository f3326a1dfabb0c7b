import torch
import torch.nn.functional as F
from torch import nn


class WaveNetBlock(nn.Module):
    def __init__(self, channels, dilation):
        super().__init__()
        self.both = nn.Conv1d(channels, 2 * channels, kernel_size=2, dilation=dilation)
        self.out = nn.Conv1d(channels, 2 * channels, kernel_size=1)
        self.pad = dilation

    def forward(self, x):
        a, b = self.both(F.pad(x, (self.pad, 0))).chunk(2, dim=1)
        r, s = self.out(torch.tanh(a) * torch.sigmoid(b)).chunk(2, dim=1)
        return x + r, s
