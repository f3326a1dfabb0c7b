import torch


def grad_cam(model, layer, x, target):
    maps = []

    def cut(module, inputs, output):
        leaf = output.detach().requires_grad_()
        maps.append(leaf)
        return leaf

    modes = [m.training for m in model.modules()]
    model.eval()
    handle = layer.register_forward_hook(cut)
    try:
        logits = model(x)
    finally:
        handle.remove()
        for m, mode in zip(model.modules(), modes):
            m.training = mode
    target = torch.as_tensor(target, device=x.device).expand(len(x))
    scores = torch.stack([row[c] for row, c in zip(logits, target)])
    (g,) = torch.autograd.grad(scores.sum(), maps)
    a = maps[0].detach()
    n, k, h, w = a.shape
    weights = g.reshape(n, k, h * w).mean(2)
    return torch.bmm(weights[:, None], a.reshape(n, k, h * w)).reshape(n, h, w).clamp(min=0)
