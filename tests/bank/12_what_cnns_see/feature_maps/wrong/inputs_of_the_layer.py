# mistake: input_for_output
import torch


def feature_maps(model, layer, x):
    out = []
    handle = layer.register_forward_pre_hook(lambda m, i: out.append(i[0].clone()))
    modes = {m: m.training for m in model.modules()}
    try:
        model.eval()
        with torch.no_grad():
            model(x)
    finally:
        handle.remove()
        for m, mode in modes.items():
            m.training = mode
    if not out:
        raise ValueError("layer not called")
    return out[0]
