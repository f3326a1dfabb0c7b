import torch


def feature_maps(model, layer, x):
    modes = [(m, m.training) for m in model.modules()]
    kept = {}

    def hook(module, inputs, output):
        kept["maps"] = output.detach().clone()

    handle = layer.register_forward_hook(hook)
    try:
        model.eval()
        with torch.no_grad():
            model(x)
    finally:
        handle.remove()
        for module, mode in modes:
            module.training = mode
    if "maps" not in kept:
        raise ValueError("this layer is never called")
    return kept["maps"]
