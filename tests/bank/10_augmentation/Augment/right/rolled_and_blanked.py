import torch
from torch import nn


class Augment(nn.Module):
    def __init__(self, seed, padding=4, flip=0.5):
        if padding < 0:
            raise ValueError("padding < 0")
        if flip > 1 or flip < 0:
            raise ValueError("flip is a probability")
        super().__init__()
        self.padding, self.flip, self.gen = padding, flip, torch.Generator().manual_seed(seed)

    def one(self, image):
        if torch.rand((), generator=self.gen) < self.flip:
            image = image.flip(-1)
        p = self.padding
        dy, dx = torch.randint(-p, p + 1, (2,), generator=self.gen).tolist()
        image = torch.roll(image, (dy, dx), (1, 2))
        image[:, :dy if dy > 0 else 0] = 0
        image[:, dy if dy < 0 else image.shape[1]:] = 0
        image[:, :, :dx if dx > 0 else 0] = 0
        image[:, :, dx if dx < 0 else image.shape[2]:] = 0
        return image

    def forward(self, x):
        return torch.stack([self.one(image) for image in x]) if self.training else x
