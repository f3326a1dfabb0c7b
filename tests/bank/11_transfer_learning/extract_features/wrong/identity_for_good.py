# mistake: head_not_put_back
import torch
from torch import nn


def head_name(model):
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]


def extract_features(model, loader, device):
    model.set_submodule(head_name(model), nn.Identity())
    model.to(device).eval()
    features, labels = [], []
    with torch.no_grad():
        for images, y in loader:
            features.append(model(images.to(device)).cpu())
            labels.append(y)
    return torch.cat(features), torch.cat(labels)
