from torch import nn


class LeNet5(nn.Sequential):
    """A ReLU after the maximum gives the same as one before it."""

    def __init__(self, classes=10):
        super().__init__()
        self.add_module("c1", nn.Conv2d(1, 6, 5))
        self.add_module("s2", nn.MaxPool2d(2))
        self.add_module("r2", nn.ReLU(inplace=True))
        self.add_module("c3", nn.Conv2d(6, 16, 5))
        self.add_module("s4", nn.MaxPool2d(2))
        self.add_module("r4", nn.ReLU(inplace=True))
        # C5 of the paper is a convolution whose kernel is as large as its input
        self.add_module("flat", nn.Flatten())
        for i, (a, b) in enumerate([(400, 120), (120, 84)]):
            self.add_module(f"f{i}", nn.Linear(a, b))
            self.add_module(f"rf{i}", nn.ReLU(True))
        self.add_module("out", nn.Linear(84, classes))
