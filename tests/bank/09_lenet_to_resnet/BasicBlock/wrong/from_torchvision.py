# mistake: forbidden_call
import torch
import torch.nn as nn
import torch.nn.functional as F


class BasicBlock(nn.Module):
    def __init__(self, c_in, c_out, stride=1):
        super().__init__()
        from torchvision.models.resnet import BasicBlock as Theirs

        down = None
        if stride != 1 or c_in != c_out:
            down = nn.Sequential(nn.Conv2d(c_in, c_out, 1, stride, bias=False), nn.BatchNorm2d(c_out))
        self.block = Theirs(c_in, c_out, stride, down)

    def forward(self, x):
        return self.block(x)
