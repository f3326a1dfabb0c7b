# mistake: mode_not_restored
import torch


def saliency(model, x, target):
    leaf = x.clone().requires_grad_()
    model.eval()
    score = model(leaf)[torch.arange(len(x)), target].sum()
    model.train()
    (g,) = torch.autograd.grad(score, leaf)
    return g.abs().amax(1)
