# mistake: maximum_before_absolute_value
import torch


def saliency(model, x, target):
    modes = {m: m.training for m in model.modules()}
    model.eval()
    leaf = x.clone().requires_grad_()
    score = model(leaf)[torch.arange(len(x)), target].sum()
    for m, mode in modes.items():
        m.training = mode
    (g,) = torch.autograd.grad(score, leaf)
    return torch.abs(torch.max(g, dim=1).values)
