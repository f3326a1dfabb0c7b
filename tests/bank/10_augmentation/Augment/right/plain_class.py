import torch


class Augment:
    """No nn.Module, but the same switches."""

    def __init__(self, seed, padding=4, flip=0.5):
        if padding < 0:
            raise ValueError("padding")
        if not 0 <= flip <= 1:
            raise ValueError("flip")
        self.seed, self.padding, self.flip = seed, padding, flip
        self.training = True
        self.generators = {}

    def train(self, mode=True):
        self.training = mode
        return self

    def eval(self):
        return self.train(False)

    def __call__(self, x):
        if self.training:
            return self.augmented(x)
        return x.clone()

    def augmented(self, x):
        g = self.generators.setdefault(x.device, torch.Generator(x.device).manual_seed(self.seed))
        n, c, h, w = x.shape
        p = self.padding
        y = torch.zeros_like(x)
        down = torch.randint(-p, p + 1, (n,), generator=g, device=x.device).tolist()
        right = torch.randint(-p, p + 1, (n,), generator=g, device=x.device).tolist()
        mirrored = (torch.rand(n, generator=g, device=x.device) < self.flip).tolist()
        for i, (d, r, m) in enumerate(zip(down, right, mirrored)):
            y[i, :, max(d, 0):h + min(d, 0), max(r, 0):w + min(r, 0)] = \
                x[i, :, max(-d, 0):h - max(d, 0), max(-r, 0):w - max(r, 0)]
            if m:
                y[i] = y[i].flip(-1)
        return y
