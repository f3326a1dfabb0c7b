# mistake: only_first_sample
import torch


def saliency(model, x, target):
    modes = {m: m.training for m in model.modules()}
    model.eval()
    leaf = x.clone().requires_grad_()
    c = target if isinstance(target, int) else target[0]
    score = model(leaf)[0, c]
    for m, mode in modes.items():
        m.training = mode
    (g,) = torch.autograd.grad(score, leaf)
    return g.abs().amax(1)
