import torch
import torch.nn.functional as F
from torch import nn


class Augment(nn.Module):
    def __init__(self, seed, padding=4, flip=0.5):
        super().__init__()
        if padding < 0 or flip < 0 or flip > 1:
            raise ValueError("impossible settings")
        self.p, self.flip = padding, flip
        self.g = torch.Generator()
        self.g.manual_seed(seed)

    def forward(self, x):
        if not self.training:
            return x
        h, w = x.shape[2:]
        framed = F.pad(x, (self.p,) * 4)
        out = []
        for image in framed:
            if torch.rand(1, generator=self.g).item() < self.flip:
                image = image.flip(-1)
            t, l = torch.randint(0, 2 * self.p + 1, (2,), generator=self.g).tolist()
            out.append(image[:, t:t + h, l:l + w])
        return torch.stack(out)
