# mistake: features_in_train_mode
import torch
from torch import nn


def head_name(model):
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]


def extract_features(model, loader, device):
    model.to(device)
    name = head_name(model)
    head = model.get_submodule(name)
    model.set_submodule(name, nn.Identity())
    features, labels = [], []
    with torch.no_grad():
        for images, y in loader:
            features.append(model(images.to(device)).cpu())
            labels.append(y)
    model.set_submodule(name, head)
    return torch.cat(features), torch.cat(labels)
