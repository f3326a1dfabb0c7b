# mistake: eval_missing
import torch


def feature_maps(model, layer, x):
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
