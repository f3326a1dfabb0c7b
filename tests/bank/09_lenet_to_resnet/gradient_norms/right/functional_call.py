import torch
import torch.nn as nn
import torch.nn.functional as F


def gradient_norms(model, x, y):
    from torch.func import functional_call

    params = {name: p.detach().clone().requires_grad_() for name, p in model.named_parameters()}
    loss = F.cross_entropy(functional_call(model, params, (x,)), y)
    names = [n + ".weight" for n, m in model.named_modules() if type(m) is nn.Conv2d]
    grads = torch.autograd.grad(loss, [params[n] for n in names])
    return tuple(g.detach().flatten().norm() for g in grads)
