# mistake: layers_not_registered
import torch
import torch.nn.functional as F
from torch import nn


class WaveNetBlock(nn.Module):
    def __init__(self, channels, dilation):
        super().__init__()
        self.convolutions = [nn.Conv1d(channels, channels, 2, dilation=dilation) for _ in range(2)]
        self.pointwise = [nn.Conv1d(channels, channels, 1) for _ in range(2)]
        self.d = dilation

    def forward(self, x):
        padded = F.pad(x, (self.d, 0))
        f, g = (convolution(padded) for convolution in self.convolutions)
        z = torch.tanh(f) * torch.sigmoid(g)
        residual, skip = (convolution(z) for convolution in self.pointwise)
        return x + residual, skip
