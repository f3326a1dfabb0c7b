# mistake: mode_not_restored
import torch


def feature_maps(model, layer, x):
    model.eval()
    kept = []
    handle = layer.register_forward_hook(lambda m, i, o: kept.append(o.clone()))
    try:
        with torch.no_grad():
            model(x)
    finally:
        handle.remove()
    if not kept:
        raise ValueError("never called")
    return kept[0]
