# mistake: forbidden_call
import torch
import torch.nn as nn
import torch.nn.functional as F


import torchvision



def resnet18(classes=1000):
    return torchvision.models.resnet18(num_classes=classes)
