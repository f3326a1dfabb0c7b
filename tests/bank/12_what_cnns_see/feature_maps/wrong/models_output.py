# mistake: logits_for_features
import torch


def feature_maps(model, layer, x):
    modes = {m: m.training for m in model.modules()}
    handle = layer.register_forward_hook(lambda m, i, o: None)
    model.eval()
    try:
        with torch.no_grad():
            return model(x)
    finally:
        handle.remove()
        for m, mode in modes.items():
            m.training = mode
