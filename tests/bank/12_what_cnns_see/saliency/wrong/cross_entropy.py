# mistake: loss_for_logit
import torch
import torch.nn.functional as F


def saliency(model, x, target):
    modes = {m: m.training for m in model.modules()}
    model.eval()
    leaf = x.clone().requires_grad_()
    labels = torch.as_tensor(target, device=x.device).expand(len(x))
    loss = F.cross_entropy(model(leaf), labels)
    for m, mode in modes.items():
        m.training = mode
    (g,) = torch.autograd.grad(loss, leaf)
    return g.abs().amax(1)
