# mistake: forbidden_call
import torch
import torch.nn as nn
import torch.nn.functional as F


from torchvision.models import ResNet
from torchvision.models.resnet import BasicBlock


class Mine(ResNet):
    def __init__(self, classes):
        super().__init__(BasicBlock, [2, 2, 2, 2], num_classes=classes)


def resnet18(classes=1000):
    return Mine(classes)
