# mistake: skip_shared
import torch
import torch.nn.functional as F
from torch import nn


class WaveNetBlock(nn.Module):
    def __init__(self, channels, dilation):
        super().__init__()
        self.f = nn.Conv1d(channels, channels, 2, dilation=dilation)
        self.g = nn.Conv1d(channels, channels, 2, dilation=dilation)
        self.out = nn.Conv1d(channels, channels, 1)
        self.d = dilation

    def forward(self, x):
        padded = F.pad(x, (self.d, 0))
        skip = self.out(torch.tanh(self.f(padded)) * torch.sigmoid(self.g(padded)))
        return x + skip, skip
