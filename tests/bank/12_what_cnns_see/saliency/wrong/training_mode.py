# mistake: eval_missing
import torch


def saliency(model, x, target):
    leaf = x.clone().requires_grad_()
    score = model(leaf)[torch.arange(len(x)), target].sum()
    (g,) = torch.autograd.grad(score, leaf)
    return g.abs().amax(1)
