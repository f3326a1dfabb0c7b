# mistake: future_seen
import torch
from torch import nn


class WaveNetBlock(nn.Module):
    def __init__(self, channels, dilation):
        super().__init__()
        self.g = nn.Conv1d(channels, channels, 2, dilation=dilation, padding=dilation)
        self.f = nn.Conv1d(channels, channels, 2, dilation=dilation, padding=dilation)
        self.r = nn.Conv1d(channels, channels, 1)
        self.s = nn.Conv1d(channels, channels, 1)
        self.d = dilation

    def forward(self, x):
        g, f = self.g(x)[..., self.d :], self.f(x)[..., self.d :]
        z = torch.tanh(f) * torch.sigmoid(g)
        return x + self.r(z), self.s(z)
