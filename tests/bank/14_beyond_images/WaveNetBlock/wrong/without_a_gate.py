# mistake: gate_missing
import torch
import torch.nn.functional as F
from torch import nn


class WaveNetBlock(nn.Module):
    def __init__(self, channels, dilation):
        super().__init__()
        self.conv = nn.Conv1d(channels, channels, 2, dilation=dilation)
        self.residual = nn.Conv1d(channels, channels, 1)
        self.skip = nn.Conv1d(channels, channels, 1)
        self.dilation = dilation

    def forward(self, x):
        z = torch.tanh(self.conv(F.pad(x, (self.dilation, 0))))
        return x + self.residual(z), self.skip(z)
