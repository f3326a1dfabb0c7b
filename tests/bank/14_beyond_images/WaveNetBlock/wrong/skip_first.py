# mistake: results_swapped
import torch
import torch.nn.functional as F
from torch import nn


class WaveNetBlock(nn.Module):
    def __init__(self, channels, dilation):
        super().__init__()
        self.f = nn.Conv1d(channels, channels, 2, dilation=dilation)
        self.g = nn.Conv1d(channels, channels, 2, dilation=dilation)
        self.r = nn.Conv1d(channels, channels, 1)
        self.s = nn.Conv1d(channels, channels, 1)
        self.d = dilation

    def forward(self, x):
        padded = F.pad(x, (self.d, 0))
        z = torch.tanh(self.f(padded)) * torch.sigmoid(self.g(padded))
        return self.s(z), x + self.r(z)
