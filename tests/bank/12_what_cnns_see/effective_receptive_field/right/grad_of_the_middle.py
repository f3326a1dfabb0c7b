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


def effective_receptive_field(model, layer, x):
    found = []
    handle = layer.register_forward_hook(lambda module, inputs, output: found.append(output))
    image = x.clone().requires_grad_(True)
    with evaluating(model):
        model(image)
    handle.remove()
    maps = found.pop()
    h, w = maps.shape[-2:]
    g = torch.autograd.grad(maps[..., h // 2, w // 2].sum(), image)[0]
    return g.abs().mean(1).mean(0)
