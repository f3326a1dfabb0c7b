# mistake: weights_missing
import torch


def grad_cam(model, layer, x, target):
    modes = {m: m.training for m in model.modules()}
    model.eval()
    kept = []
    handle = layer.register_forward_hook(lambda m, i, o: kept.append(o.detach()))
    with torch.no_grad():
        model(x)
    handle.remove()
    for m, mode in modes.items():
        m.training = mode
    return kept[0].mean(1).relu()
