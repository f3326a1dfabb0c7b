# mistake: output_overwritten
import torch


def feature_maps(model, layer, x):
    out = []
    handle = layer.register_forward_hook(lambda m, i, o: out.append(o.detach()))
    modes = {m: m.training for m in model.modules()}
    try:
        model.eval()
        model(x)
    finally:
        handle.remove()
        for m, mode in modes.items():
            m.training = mode
    if not out:
        raise ValueError("layer not called")
    return out[0]
