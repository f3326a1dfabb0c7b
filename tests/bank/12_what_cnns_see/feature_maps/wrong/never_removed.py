# mistake: hook_left
import torch


def feature_maps(model, layer, x):
    modes = {m: m.training for m in model.modules()}
    model.eval()
    out = []
    layer.register_forward_hook(lambda m, i, o: out.append(o.detach().clone()))
    with torch.no_grad():
        try:
            model(x)
        finally:
            for m, mode in modes.items():
                m.training = mode
    if not out:
        raise ValueError("layer not called")
    return out[0]
