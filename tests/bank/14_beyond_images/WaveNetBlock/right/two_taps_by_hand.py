import torch
from torch import nn


class CausalConv(nn.Module):
    def __init__(self, channels, dilation):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(channels, channels, 2) / channels)
        self.bias = nn.Parameter(torch.zeros(channels))
        self.dilation = dilation

    def forward(self, x):
        past = torch.zeros_like(x)
        past[..., self.dilation :] = x[..., : -self.dilation]
        return self.weight[:, :, 0] @ past + self.weight[:, :, 1] @ x + self.bias[:, None]


class WaveNetBlock(nn.Module):
    def __init__(self, channels, dilation):
        super().__init__()
        self.signal, self.gate = CausalConv(channels, dilation), CausalConv(channels, dilation)
        self.mix_residual, self.mix_skip = nn.Linear(channels, channels), nn.Linear(channels, channels)

    def forward(self, x):
        z = (self.signal(x).tanh() * self.gate(x).sigmoid()).mT
        return x + self.mix_residual(z).mT, self.mix_skip(z).mT
