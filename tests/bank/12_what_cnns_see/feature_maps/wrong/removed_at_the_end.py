# mistake: hook_left
import torch


def feature_maps(model, layer, x):
    out = []
    handle = layer.register_forward_hook(lambda m, i, o: out.append(o.detach().clone()))
    modes = [m.training for m in model.modules()]
    model.eval()
    with torch.no_grad():
        model(x)
    handle.remove()
    for m, mode in zip(model.modules(), modes):
        m.training = mode
    if not out:
        raise ValueError("layer not called")
    return out[0]
