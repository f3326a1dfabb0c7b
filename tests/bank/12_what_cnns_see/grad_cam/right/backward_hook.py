import torch


def grad_cam(model, layer, x, target):
    modes = {m: m.training for m in model.modules()}
    activations, gradients = [], []
    handles = [
        layer.register_forward_hook(lambda m, i, o: activations.append(o.detach())),
        layer.register_full_backward_hook(lambda m, gi, go: gradients.append(go[0].detach())),
    ]
    try:
        model.eval()
        leaf = x.clone().requires_grad_()
        logits = model(leaf)
        torch.autograd.grad(logits[torch.arange(len(x)), target].sum(), leaf)
    finally:
        for handle in handles:
            handle.remove()
        for m, mode in modes.items():
            m.training = mode
    return (gradients[0].mean((2, 3), True) * activations[0]).sum(1).relu()
