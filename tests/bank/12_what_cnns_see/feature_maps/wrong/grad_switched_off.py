# mistake: gradients_left_off
import torch


def feature_maps(model, layer, x):
    kept = []
    modes = {m: m.training for m in model.modules()}
    model.eval()
    handle = layer.register_forward_hook(lambda m, i, o: kept.append(o.clone()))
    torch.set_grad_enabled(False)
    try:
        model(x)
    finally:
        handle.remove()
        for m, mode in modes.items():
            m.training = mode
    if not kept:
        raise ValueError("never called")
    return kept[0]
