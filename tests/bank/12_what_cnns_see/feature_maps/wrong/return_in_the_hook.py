# mistake: returns_nothing
import torch


def feature_maps(model, layer, x):
    def hook(module, inputs, output):
        return output.detach().clone()

    modes = {m: m.training for m in model.modules()}
    model.eval()
    handle = layer.register_forward_hook(hook)
    try:
        model(x)
    finally:
        handle.remove()
        for m, mode in modes.items():
            m.training = mode
