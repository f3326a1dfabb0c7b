import torch
import torch.nn.functional as F


def saliency(model, x, target):
    modes = {m: m.training for m in model.modules()}
    model.eval()
    leaf = x.detach().clone().requires_grad_()
    try:
        logits = model(leaf)
        target = torch.as_tensor(target, device=x.device).expand(x.shape[0])
        chosen = logits * F.one_hot(target, logits.shape[1])
        chosen.sum().backward(inputs=[leaf])
    finally:
        for m, mode in modes.items():
            m.training = mode
    return torch.linalg.vector_norm(leaf.grad, ord=float("inf"), dim=1)
