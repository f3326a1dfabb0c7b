# mistake: target_not_paired
import torch


def saliency(model, x, target):
    modes = {m: m.training for m in model.modules()}
    model.eval()
    leaf = x.clone().requires_grad_()
    score = model(leaf)[:, target].sum()
    for m, mode in modes.items():
        m.training = mode
    (g,) = torch.autograd.grad(score, leaf)
    return g.abs().amax(1)
