# mistake: none
import torch


def feature_maps(model, layer, x):
    kept = []
    modes = {m: m.training for m in model.modules()}
    model.eval()
    handle = layer.register_forward_hook(lambda m, i, o: kept.append(o.detach().clone()))
    try:
        model(x)
    finally:
        handle.remove()
        for m, mode in modes.items():
            m.training = mode
    return kept[0]
