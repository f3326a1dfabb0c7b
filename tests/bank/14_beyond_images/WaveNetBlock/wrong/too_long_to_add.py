# mistake: padding_not_cropped
import torch
from torch import nn


class WaveNetBlock(nn.Module):
    def __init__(self, channels, dilation):
        super().__init__()
        self.f = nn.Conv1d(channels, channels, 2, dilation=dilation, padding=dilation)
        self.g = nn.Conv1d(channels, channels, 2, dilation=dilation, padding=dilation)
        self.r = nn.Conv1d(channels, channels, 1)
        self.s = nn.Conv1d(channels, channels, 1)

    def forward(self, x):
        z = torch.tanh(self.f(x)) * torch.sigmoid(self.g(x))
        return x + self.r(z), self.s(z)
