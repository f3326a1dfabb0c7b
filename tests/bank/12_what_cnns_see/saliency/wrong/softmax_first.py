# mistake: probability_for_logit
import torch


def saliency(model, x, target):
    modes = {m: m.training for m in model.modules()}
    model.eval()
    leaf = x.clone().requires_grad_()
    p = torch.softmax(model(leaf), 1)
    score = p[torch.arange(len(x)), target].sum()
    for m, mode in modes.items():
        m.training = mode
    (g,) = torch.autograd.grad(score, leaf)
    return g.abs().amax(1)
