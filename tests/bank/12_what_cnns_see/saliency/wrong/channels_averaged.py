# mistake: mean_for_maximum
import torch


def saliency(model, x, target):
    modes = {m: m.training for m in model.modules()}
    model.eval()
    leaf = x.clone().requires_grad_()
    score = model(leaf)[torch.arange(len(x)), target].sum()
    for m, mode in modes.items():
        m.training = mode
    (g,) = torch.autograd.grad(score, leaf)
    return g.abs().mean(1)
