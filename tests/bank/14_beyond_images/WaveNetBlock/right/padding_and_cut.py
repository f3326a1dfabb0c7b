import torch
from torch import nn


class WaveNetBlock(nn.Module):
    def __init__(self, channels, dilation):
        super().__init__()
        self.f = nn.Conv1d(channels, channels, 2, padding=dilation, dilation=dilation)
        self.g = nn.Conv1d(channels, channels, 2, padding=dilation, dilation=dilation)
        self.res = nn.Conv1d(channels, channels, 1)
        self.skip = nn.Conv1d(channels, channels, 1)

    def forward(self, x):
        length = x.shape[-1]
        gate = self.g(x)[..., :length].sigmoid()
        z = gate * torch.tanh(self.f(x)[..., :length])
        skip = self.skip(z)
        return self.res(z) + x, skip
