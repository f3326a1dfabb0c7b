# mistake: gradients_left_behind
import torch


def saliency(model, x, target):
    modes = {m: m.training for m in model.modules()}
    model.eval()
    leaf = x.clone().requires_grad_()
    model(leaf)[torch.arange(len(x)), target].sum().backward()
    for m, mode in modes.items():
        m.training = mode
    return leaf.grad.abs().amax(1)
