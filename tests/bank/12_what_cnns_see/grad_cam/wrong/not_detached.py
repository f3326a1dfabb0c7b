# mistake: gradients_kept
import torch


def grad_cam(model, layer, x, target):
    modes = {m: m.training for m in model.modules()}
    model.eval()
    kept = []
    handle = layer.register_forward_hook(lambda m, i, o: kept.append(o))
    logits = model(x.clone().requires_grad_())
    handle.remove()
    for m, mode in modes.items():
        m.training = mode
    (g,) = torch.autograd.grad(logits[torch.arange(len(x)), target].sum(), kept[0])
    return (g.mean((2, 3), keepdim=True) * kept[0]).sum(1).relu()
