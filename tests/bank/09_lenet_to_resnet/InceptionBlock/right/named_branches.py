import torch
import torch.nn.functional as F
from torch import nn


class InceptionBlock(nn.Module):
    def __init__(self, c_in, c1, c3, c5, cp):
        super().__init__()
        self.b1 = nn.Conv2d(c_in, c1, 1)
        self.b3a = nn.Conv2d(c_in, c3[0], 1)
        self.b3b = nn.Conv2d(c3[0], c3[1], 3, padding=1)
        self.b5a = nn.Conv2d(c_in, c5[0], 1)
        self.b5b = nn.Conv2d(c5[0], c5[1], 5, padding=2)
        self.bp = nn.Conv2d(c_in, cp, 1)

    def forward(self, x):
        y1 = F.relu(self.b1(x))
        y3 = F.relu(self.b3b(F.relu(self.b3a(x))))
        y5 = F.relu(self.b5b(F.relu(self.b5a(x))))
        yp = F.relu(self.bp(F.max_pool2d(x, 3, stride=1, padding=1)))
        return torch.cat((y1, y3, y5, yp), 1)
