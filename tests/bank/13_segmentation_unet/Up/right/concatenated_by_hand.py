import torch
from torch import nn


class Up(nn.Module):
    def __init__(self, c_in, c_out):
        super().__init__()
        self.c = c_out
        self.up = nn.ConvTranspose2d(c_in, c_out, 2, 2)
        layers = []
        for c in (2 * c_out, c_out):
            layers += [nn.Conv2d(c, c_out, 3, 1, 1, bias=False), nn.BatchNorm2d(c_out), nn.ReLU()]
        self.body = nn.Sequential(*layers)

    def forward(self, x, skip):
        y = self.up(x)
        if y.shape[-2] < skip.shape[-2]:
            y = torch.cat((y, torch.zeros_like(y[:, :, :1])), dim=-2)
        if y.shape[-1] < skip.shape[-1]:
            y = torch.cat((y, torch.zeros_like(y[..., :1])), dim=-1)
        both = skip.new_empty(len(skip), 2 * self.c, *skip.shape[2:])
        both[:, : self.c] = skip
        both[:, self.c :] = y
        return self.body(both)
