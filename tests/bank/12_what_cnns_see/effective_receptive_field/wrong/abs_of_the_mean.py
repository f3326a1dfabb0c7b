# mistake: absolute_value_late
import torch


def effective_receptive_field(model, layer, x):
    modes = {m: m.training for m in model.modules()}
    model.eval()
    kept = []
    handle = layer.register_forward_hook(lambda m, i, o: kept.append(o))
    leaf = x.clone().requires_grad_()
    model(leaf)
    handle.remove()
    for m, mode in modes.items():
        m.training = mode
    _, _, h, w = kept[0].shape
    (g,) = torch.autograd.grad(kept[0][:, :, h // 2, w // 2].sum(), leaf)
    return g.mean(dim=[0, 1]).abs()
