# mistake: hook_left
import torch
from torch import nn


def head_name(model):
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]


def extract_features(model, loader, device):
    model.to(device).eval()
    features, labels = [], []
    head = model.get_submodule(head_name(model))
    head.register_forward_hook(lambda module, inputs, output: features.append(inputs[0].detach().cpu()))
    with torch.no_grad():
        for images, y in loader:
            model(images.to(device))
            labels.append(y)
    return torch.cat(features), torch.cat(labels)
