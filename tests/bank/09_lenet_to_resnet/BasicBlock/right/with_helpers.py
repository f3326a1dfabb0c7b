from torch import nn


def conv_bn(c_in, c_out, k, stride=1):
    return nn.Sequential(nn.Conv2d(c_in, c_out, k, stride, k // 2, bias=False), nn.BatchNorm2d(c_out))


class Residual(nn.Module):
    def __init__(self, body, shortcut):
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, x):
        return self.body(x) + self.shortcut(x)


class BasicBlock(nn.Sequential):
    def __init__(self, c_in, c_out, stride=1):
        body = nn.Sequential(conv_bn(c_in, c_out, 3, stride), nn.ReLU(), conv_bn(c_out, c_out, 3))
        shortcut = nn.Identity() if (stride, c_in) == (1, c_out) else conv_bn(c_in, c_out, 1, stride)
        super().__init__(Residual(body, shortcut), nn.ReLU(inplace=True))
