# mistake: gradients_left_behind
import torch


def grad_cam(model, layer, x, target):
    modes = {m: m.training for m in model.modules()}
    model.eval()
    kept = []

    def hook(module, inputs, output):
        output.retain_grad()
        kept.append(output)

    handle = layer.register_forward_hook(hook)
    logits = model(x.clone().requires_grad_())
    handle.remove()
    logits[torch.arange(len(x)), target].sum().backward()
    for m, mode in modes.items():
        m.training = mode
    return (kept[0].grad.mean((2, 3), keepdim=True) * kept[0]).sum(1).relu().detach()
