import contextlib

import torch


@contextlib.contextmanager
def evaluating(model):
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield model
    finally:
        for module, training in modes.items():
            module.training = training


def grad_cam(model, layer, x, target):
    stored = {}

    def hook(module, inputs, output):
        stored["A"] = output

    handle = layer.register_forward_hook(hook)
    with evaluating(model):
        logits = model(x.clone().requires_grad_(True))
    handle.remove()
    if isinstance(target, int):
        s = logits[:, target].sum()
    else:
        s = logits.gather(1, target.view(-1, 1)).sum()
    gradient = torch.autograd.grad(s, stored["A"])[0]
    alpha = gradient.mean(dim=(2, 3))
    cam = torch.einsum("nk,nkhw->nhw", alpha, stored["A"])
    return torch.relu(cam).detach()
