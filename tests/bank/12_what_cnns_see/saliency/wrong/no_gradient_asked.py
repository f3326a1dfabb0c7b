# mistake: none
import torch


def saliency(model, x, target):
    modes = {m: m.training for m in model.modules()}
    model.eval()
    model(x)[torch.arange(len(x)), target].sum().backward()
    for m, mode in modes.items():
        m.training = mode
    return x.grad.abs().amax(1)
