import torch
from torch import nn


def head_name(model):
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]


@torch.no_grad()
def extract_features(model, loader, device):
    model = model.to(device).eval()
    seen, labels = [], []
    hook = model.get_submodule(head_name(model)).register_forward_pre_hook(lambda m, args: seen.append(args[0].cpu()))
    try:
        for images, y in loader:
            model(images.to(device))
            labels.extend(y.tolist())
    finally:
        hook.remove()
    return torch.cat(seen), torch.tensor(labels)
