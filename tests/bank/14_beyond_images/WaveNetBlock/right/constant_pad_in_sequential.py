import torch
from torch import nn


def causal(channels, dilation, activation):
    return nn.Sequential(nn.ConstantPad1d((dilation, 0), 0.0), nn.Conv1d(channels, channels, 2, dilation=dilation), activation)


class WaveNetBlock(nn.Module):
    def __init__(self, channels, dilation):
        super().__init__()
        self.gate = causal(channels, dilation, nn.Sigmoid())
        self.signal = causal(channels, dilation, nn.Tanh())
        self.one_by_one = nn.ModuleDict({name: nn.Conv1d(channels, channels, 1) for name in ("skip", "residual")})

    def forward(self, x):
        z = torch.mul(self.gate(x), self.signal(x))
        return self.one_by_one["residual"](z) + x, self.one_by_one["skip"](z)
