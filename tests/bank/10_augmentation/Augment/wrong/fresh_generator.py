# mistake: seed_ignored
import torch
import torch.nn.functional as F
from torch import nn


class Augment(nn.Module):
    def __init__(self, seed, padding=4, flip=0.5):
        super().__init__()
        if padding < 0 or not 0 <= flip <= 1:
            raise ValueError("impossible")
        self.seed, self.padding, self.flip = seed, padding, flip
        self.g = torch.Generator()
        self.g.seed()

    def forward(self, x):
        if not self.training:
            return x
        n, c, h, w = x.shape
        p = self.padding
        mask = (torch.rand(n, generator=self.g) < self.flip).to(x.device)
        x = torch.where(mask[:, None, None, None], x.flip(-1), x)
        top, left = (torch.randint(0, 2 * p + 1, (2, n), generator=self.g)).tolist()
        framed = F.pad(x, (p, p, p, p))
        return torch.stack([framed[i, :, t:t + h, l:l + w] for i, (t, l) in enumerate(zip(top, left))])
