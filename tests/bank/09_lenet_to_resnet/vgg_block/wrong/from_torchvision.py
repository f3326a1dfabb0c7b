# mistake: forbidden_call
from torch import nn
from torchvision.models.vgg import make_layers


def vgg_block(n, c_in, c_out):
    block = make_layers([c_out] * n + ["M"])
    block[0] = nn.Conv2d(c_in, c_out, 3, padding=1)
    return block
