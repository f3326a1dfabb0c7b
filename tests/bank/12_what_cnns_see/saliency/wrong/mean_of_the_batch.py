# mistake: mean_not_sum
import torch


def saliency(model, x, target):
    modes = {m: m.training for m in model.modules()}
    model.eval()
    leaf = x.clone().requires_grad_()
    score = model(leaf)[torch.arange(len(x)), target].mean()
    for m, mode in modes.items():
        m.training = mode
    return torch.autograd.grad(score, leaf)[0].abs().amax(1)
