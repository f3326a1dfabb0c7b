import torch
import torch.nn.functional as F
from torch import nn


class WaveNetBlock(nn.Module):
    def __init__(self, channels, dilation):
        super().__init__()
        convolutions = [nn.Conv1d(channels, 2 * channels, 2, dilation=dilation)]
        convolutions += [nn.Conv1d(channels, channels, 1) for _ in range(2)]
        self.layers = nn.ModuleList(convolutions)
        self.dilation = dilation

    def forward(self, x):
        dilated, to_skip, to_residual = self.layers
        before = x.new_zeros(*x.shape[:2], self.dilation)
        gate, signal = dilated(torch.cat([before, x], dim=2)).split(x.shape[1], dim=1)
        z = F.sigmoid(gate) * F.tanh(signal)
        skip = to_skip(z)
        return [torch.add(x, to_residual(z)), skip]
