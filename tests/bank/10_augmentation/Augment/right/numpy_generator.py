import numpy as np
import torch
import torch.nn.functional as F


class Augment(torch.nn.Module):
    def __init__(self, seed, padding=4, flip=0.5):
        super().__init__()
        if padding < 0 or not (0 <= flip <= 1):
            raise ValueError("padding or flip")
        self.rng = np.random.default_rng(seed)
        self.padding = padding
        self.flip = flip

    def forward(self, x):
        if not self.training:
            return x
        n, _, h, w = x.shape
        corners = self.rng.integers(0, 2 * self.padding, size=(n, 2), endpoint=True)
        coins = self.rng.random(n) < self.flip
        padded = F.pad(x, [self.padding] * 4)
        crops = [padded[i, :, t:t + h, l:l + w] for i, (t, l) in enumerate(corners)]
        return torch.stack([c.flip(2) if coin else c for c, coin in zip(crops, coins)])
