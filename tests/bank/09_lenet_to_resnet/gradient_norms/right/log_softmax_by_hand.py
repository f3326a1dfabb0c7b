import torch
import torch.nn as nn
import torch.nn.functional as F


def gradient_norms(model, x, y):
    logits = model(x)
    log_p = logits - logits.logsumexp(dim=1, keepdim=True)
    loss = -log_p[torch.arange(len(y), device=y.device), y].mean()
    out = []
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            (g,) = torch.autograd.grad(loss, module.weight, retain_graph=True)
            out.append(g.cpu().numpy())
    return [float((g * g).sum() ** 0.5) for g in out]
