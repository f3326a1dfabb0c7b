# mistake: map_normalised
import torch


def saliency(model, x, target):
    modes = {m: m.training for m in model.modules()}
    model.eval()
    leaf = x.clone().requires_grad_()
    score = model(leaf)[torch.arange(len(x)), target].sum()
    for m, mode in modes.items():
        m.training = mode
    (g,) = torch.autograd.grad(score, leaf)
    s = g.abs().amax(1)
    s -= s.flatten(1).min(1).values[:, None, None]
    return s / s.flatten(1).max(1).values[:, None, None]
